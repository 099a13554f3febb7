import ChildProcess
import SystemPackage

/// A guest machine: a kernel, its processors and memory, and how it is executed.
public struct GuestMachine: Sendable {
  /// The init that runs the tests, and with it the architecture.
  public var guestInit: GuestInit
  /// The kernel image, as ``Architecture/kernelImage`` names it.
  public var kernel: FilePath
  /// How QEMU executes it.
  public var acceleration: Acceleration
  /// QEMU's executable, a name or a path; by default the architecture's.
  public var emulator: String
  /// Number of processors.
  public var processors: Int
  /// Memory in MiB.
  public var memoryMiB: Int
  /// Whether the plan needs PCI or ACPI, and with it the bigger machine.
  public var needsPCI: Bool
  /// More words for the kernel command line.
  public var extraCommandLine: [String]
  /// The deadline of each phase.
  public var deadlines: BootDeadlines
  /// Bytes kept of the console: its first and its last half.
  public var consoleLimit: Int

  /// A machine with two processors and 2 GiB.
  public init(
    guestInit: GuestInit, kernel: FilePath, acceleration: Acceleration, processors: Int = 2,
    memoryMiB: Int = 4096,
    needsPCI: Bool = false, extraCommandLine: [String] = [], deadlines: BootDeadlines = BootDeadlines(),
    consoleLimit: Int = 8 << 20
  ) {
    self.guestInit = guestInit
    self.kernel = kernel
    self.acceleration = acceleration
    emulator = guestInit.architecture.emulator
    self.processors = max(1, processors)
    self.memoryMiB = max(64, memoryMiB)
    self.needsPCI = needsPCI
    self.extraCommandLine = extraCommandLine
    self.deadlines = deadlines
    self.consoleLimit = consoleLimit
  }

  /// The architecture.
  public var architecture: Architecture { guestInit.architecture }

  /// The machine type that is used.
  public var machine: Architecture.Machine {
    needsPCI ? architecture.fullMachine : architecture.smallMachine
  }

  /// QEMU's command line for the initramfs at `initramfs`, with the report written to `report` (a file or a pipe) and the
  /// console on standard output. It needs nothing of gmemkit and can be run again by hand.
  public func command(initramfs: FilePath, report: FilePath) -> ChildCommand {
    var arguments = machine.arguments
    arguments += acceleration.arguments(for: architecture)
    arguments += ["-smp", String(processors), "-m", "\(memoryMiB)M"]
    arguments += ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    arguments += ["-chardev", "stdio,id=console,signal=off"]
    arguments += ["-chardev", "file,id=results,path=\(Self.escaped(report))"]
    arguments += ["-kernel", kernel.string, "-initrd", initramfs.string]
    arguments += ["-append", kernelCommandLine]
    return ChildCommand(emulator, arguments)
  }

  private var kernelCommandLine: String {
    var words = architecture.commandLine
    if let parameter = architecture.clockParameter, let clock = guestInit.clockKHz {
      words.append("\(parameter)=\(clock)")
    }
    return (words + extraCommandLine).joined(separator: " ")
  }

  /// A comma separates options in QEMU's syntax; doubled it is a comma.
  private static func escaped(_ path: FilePath) -> String {
    path.string.replacing(",", with: ",,")
  }
}
