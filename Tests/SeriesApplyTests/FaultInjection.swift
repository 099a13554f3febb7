import Foundation
import TestSupport

/// A library that is loaded before libc's own functions and ends the process, or fills the disk, at the n-th write.
final class FaultInjection: Sendable {
  /// What happens at the chosen write.
  enum Fault: String, CaseIterable, Sendable {
    /// SIGKILL, as from `kill -9`.
    case kill
    /// The disk is full from then on.
    case diskFull = "28"
    /// The file system is read-only from then on.
    case readOnly = "30"
  }

  let library: String

  static let isAvailable = FileManager.default.isExecutableFile(atPath: "/usr/bin/cc")

  init() throws {
    let directory = NSTemporaryDirectory() + "gmemkit-fault-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let source = directory + "/fault.c"
    library = directory + "/fault.so"
    try Data(Self.source.utf8).write(to: URL(fileURLWithPath: source))
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/cc")
    compiler.arguments = ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]
    try compiler.run()
    compiler.waitUntilExit()
    guard compiler.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
  }

  deinit { try? FileManager.default.removeItem(atPath: (library as NSString).deletingLastPathComponent) }

  /// The environment of a run in which the write number `count`, from 1, is the last or the first bad one.
  func environment(_ fault: Fault, at count: Int) -> [String: String] {
    ["LD_PRELOAD": library, "FAULT_AT": "\(count)", "FAULT_KIND": fault.rawValue]
  }

  private static let source = #"""
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <fcntl.h>
    #include <signal.h>
    #include <stdarg.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <sys/types.h>
    #include <unistd.h>

    static int count;

    static int strikes(void)
    {
      const char *at = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND");
      if (!at || !kind) return 0;
      if (__sync_add_and_fetch(&count, 1) < atoi(at)) return 0;
      if (kind[0] == 'k') kill(getpid(), SIGKILL);
      errno = atoi(kind);
      return 1;
    }

    #define REAL(type, name, ...) type (*real)(__VA_ARGS__) = dlsym(RTLD_NEXT, #name)

    ssize_t write(int fd, const void *p, size_t n)
    { REAL(ssize_t, write, int, const void *, size_t); return fd > 2 && strikes() ? -1 : real(fd, p, n); }
    ssize_t pwrite(int fd, const void *p, size_t n, off_t o)
    { REAL(ssize_t, pwrite, int, const void *, size_t, off_t); return strikes() ? -1 : real(fd, p, n, o); }
    ssize_t pwrite64(int fd, const void *p, size_t n, off_t o)
    { REAL(ssize_t, pwrite64, int, const void *, size_t, off_t); return strikes() ? -1 : real(fd, p, n, o); }
    int rename(const char *a, const char *b)
    { REAL(int, rename, const char *, const char *); return strikes() ? -1 : real(a, b); }
    int link(const char *a, const char *b)
    { REAL(int, link, const char *, const char *); return strikes() ? -1 : real(a, b); }
    int mkdir(const char *a, mode_t m)
    { REAL(int, mkdir, const char *, mode_t); return strikes() ? -1 : real(a, m); }
    int fsync(int fd)
    { REAL(int, fsync, int); return strikes() ? -1 : real(fd); }
    int mkstemp(char *t)
    { REAL(int, mkstemp, char *); return strikes() ? -1 : real(t); }
    int mkstemp64(char *t)
    { REAL(int, mkstemp64, char *); return strikes() ? -1 : real(t); }
    #define OPEN(name) \
    int name(const char *p, int f, ...) \
    { va_list l; mode_t m = 0; if (f & O_CREAT) { va_start(l, f); m = va_arg(l, int); va_end(l); } \
      REAL(int, name, const char *, int, ...); return (f & O_CREAT) && strikes() ? -1 : real(p, f, m); }
    OPEN(open)
    OPEN(open64)
    """#
}
