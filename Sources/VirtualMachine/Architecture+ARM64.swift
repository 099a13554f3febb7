extension Architecture {
  /// arm64 on QEMU's `virt` machine with EL2, so that KVM works in the guest under TCG.
  ///
  /// QEMU gives the non-secure world one UART only, hence a virtio port for the report.
  public static let arm64 = Architecture(
    name: "arm64",
    kernelName: "arm64",
    debianName: "arm64",
    toolchainPrefix: "aarch64-linux-gnu-",
    emulator: "qemu-system-aarch64",
    emulatorPackage: "qemu-system-arm",
    // Its own pointer authentication: the architected one costs most of the emulation's time.
    emulatedProcessor: "max,pauth-impdef=on",
    smallMachine: virt(name: "virt", options: ",highmem=off"),
    fullMachine: virt(name: "virt with PCI", options: ""),
    kernelImage: "arch/arm64/boot/Image",
    resultsDevice: "/dev/vport0p1",
    commandLine: ["console=ttyAMA0", "earlycon", "panic=-1", "loglevel=6", "rdinit=/init"],
    clockParameter: nil,
    finish: .poweroff,
    kernelOptions: KernelOption.common + [
      .init(line: "CONFIG_SERIAL_AMBA_PL011=y", reason: "console UART of the virt machine"),
      .init(line: "CONFIG_SERIAL_AMBA_PL011_CONSOLE=y", reason: "console on ttyAMA0"),
      .init(line: "CONFIG_ARM_PSCI_FW=y", reason: "processors are started and the machine is ended through PSCI"),
      .init(line: "CONFIG_VIRTIO_MENU=y", reason: "the report goes through a virtio port"),
      .init(line: "CONFIG_VIRTIO_MMIO=y", reason: "the report goes through a virtio port"),
      .init(line: "CONFIG_VIRTIO_CONSOLE=y", reason: "the report goes through a virtio port"),
    ])

  private static func virt(name: String, options: String) -> Machine {
    Machine(
      name: name,
      arguments: [
        "-machine", "virt,gic-version=3,virtualization=on\(options)",
        "-serial", "chardev:console",
        "-device", "virtio-serial-device",
        "-device", "virtserialport,chardev=results,name=results",
      ],
      kernelOptions: [])
  }
}
