import DefaultTree
import KernelTree

extension TreeOptions {
  /// The repository that the options name, or the embedded tree's, which is made first where it is not there.
  func repository() async throws -> KernelRepository {
    let path: String
    do {
      if let tree { path = tree } else { path = try await embeddedTree() }
      return try KernelRepository(opening: path)
    } catch let error as DefaultTreeError {
      throw Ending(error.code == .interrupted ? .interrupted : .badInput, "\(error)")
    } catch let error as TreeError {
      throw Ending(.badInput, "\(error)")
    }
  }

  private func embeddedTree() async throws -> String {
    let display = TreeProgress()
    let path = try await DefaultTree.repository { display.show($0) }
    display.end()
    return path
  }
}
