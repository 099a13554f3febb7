import ArgumentParser

/// Where the kernel tree is: shared by every verb that reads one.
struct TreeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A git repository with a kernel tree; without it, Debian's linux-source-6.12 in the cache.", valueName: "repo"))
  var tree: String?

  @Option(
    help: ArgumentHelp("The commit to start from; without it, what the series or the tree says.", valueName: "rev"))
  var onto: String?
}
