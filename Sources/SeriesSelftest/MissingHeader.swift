/// Tells a test that the machine cannot compile from one that a patch broke.
public enum MissingHeader {
  /// The header of a library that the compiler did not find; `nil` if something else is wrong, or if the header is the
  /// kernel's own, which a patch may well have taken away.
  public static func name(in errors: [String]) -> String? {
    for error in errors {
      guard let mark = error.firstRange(of: "fatal error: "), let end = error.firstRange(of: ": No such file") else {
        continue
      }
      guard mark.upperBound < end.lowerBound else { continue }
      let name = error[mark.upperBound..<end.lowerBound]
      let kernels = [
        "linux/", "asm/", "asm-generic/", "rdma/", "drm/", "sound/", "misc/", "mtd/", "scsi/", "video/", "xen/",
      ]
      guard !name.hasPrefix("."), name.hasSuffix(".h"), !kernels.contains(where: name.hasPrefix) else { return nil }
      // A header of the tests' own stands beside them, without a folder.
      return name.contains("/") || libraries.contains(String(name)) ? String(name) : nil
    }
    return nil
  }

  private static let libraries: Set<String> = [
    "alsa.h", "bpf.h", "fuse.h", "jansson.h", "libaio.h", "libmnl.h", "mqueue.h", "numa.h", "numaif.h", "popt.h",
    "zlib.h",
  ]
}
