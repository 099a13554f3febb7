/// The series with its lines read once, for rules that compare patches.
struct SeriesIndex {
  /// One file of one patch.
  struct File {
    let patchIndex: Int
    let file: PatchedFile
    let regions: [[ReadLine]]

    func lines(_ kind: ChangedLine.Kind) -> [ReadLine] {
      regions.flatMap { $0.filter { $0.line.kind == kind } }
    }
  }

  /// By patch, then by file.
  let patches: [[File]]

  /// Reads the C files of `series`.
  init(_ series: [SeriesPatch]) {
    patches = series.enumerated().map { index, patch in
      patch.files.filter(\.isC).map { file in
        File(patchIndex: index, file: file, regions: file.regions.map { $0.read() })
      }
    }
  }

  /// Every file of every patch after `index`, in order.
  func files(after index: Int) -> [File] { Array(patches[(index + 1)...].joined()) }
}
