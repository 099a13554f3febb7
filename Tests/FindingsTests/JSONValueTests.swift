import Findings
import Foundation
import Testing

struct JSONValueTests {
  @Test func keepsTheOrderOfKeys() {
    let value: JSONValue = ["b": 1, "a": [true, nil, "x"], "empty": [], "none": [:]]
    #expect(
      String(decoding: value.document, as: UTF8.self) == """
        {
          "b": 1,
          "a": [
            true,
            null,
            "x"
          ],
          "empty": [],
          "none": {}
        }

        """)
  }

  @Test(arguments: ["plain", "quote\" back\\slash", "line\nend\r\t", "\u{0}\u{1}\u{1F}\u{7F}", "é 2️⃣ \u{2028}"])
  func foundationReadsBackWhatIsWritten(_ text: String) throws {
    let value: JSONValue = ["text": .string(text)]
    let read = try JSONDecoder().decode([String: String].self, from: Data(value.document))
    #expect(read["text"] == text)
  }
}
