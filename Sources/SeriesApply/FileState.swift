import KernelTree
import UnifiedDiff

/// What stands at a path while a patch is applied.
enum FileState {
  case absent
  case present(mode: UInt32, content: Content)

  enum Content {
    /// An object of the repository.
    case stored(ObjectID)
    /// New bytes, staged only when the whole patch fits.
    case new([UInt8])
  }
}

/// The kind of a file by its mode: two modes of one kind differ by permission only.
func kind(ofMode mode: UInt32) -> UInt32 { mode & 0o170000 }

/// The names of git's four kinds, for a message.
func name(ofMode mode: UInt32) -> String {
  switch kind(ofMode: mode) {
  case 0o040000: "a directory"
  case 0o120000: "a symbolic link"
  case 0o160000: "a submodule"
  default: "a file"
  }
}
