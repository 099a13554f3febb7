import Findings
import KernelC
import LockModel

/// Two branches that say the same of two things, of which the second asks for the first.
struct CopiedCondition: Rule {
  let description = RuleDescription(
    id: "copied-condition",
    summary: "a branch that was made from the one before it still asks one of its questions",
    severity: .error, confidence: .medium,
    whatItDoes: """
      Reports two branches in a row that differ in one part of some names alone ('udqp' and 'gdqp', 'FLAG_UID' and \
      'FLAG_GID'), where a name in the second condition has been left as it is in the first, although the file knows the \
      other one ('IS_UQUOTA_ON' and 'IS_GQUOTA_ON').
      """,
    whyItMatters: "What the second branch does depends on the first thing.",
    accepts: ["names that the body of the branch shares too", "fewer than three names that differ"],
    knownFalsePositives: ["a question about the first that is meant for both"],
    triggering: [
      RuleExample(
        """
        bool free_some(struct mount *mp, struct dquot *udqp, struct dquot *gdqp)
        {
        	struct walk walk = { 0 };
        	bool work = false;

        	if (IS_UQUOTA_ENFORCED(mp) && udqp && is_low(udqp)) {
        		walk.uid = make_uid(mp->ns, udqp->q_id);
        		walk.flags |= FLAG_UID;
        		work = true;
        	}
        	if (IS_UQUOTA_ENFORCED(mp) && gdqp && is_low(gdqp)) { /* reported */
        		walk.gid = make_gid(mp->ns, gdqp->q_id);
        		walk.flags |= FLAG_GID;
        		work = true;
        	}
        	return work || IS_GQUOTA_ENFORCED(mp);
        }
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        bool free_some(struct mount *mp, struct dquot *udqp, struct dquot *gdqp)
        {
        	struct walk walk = { 0 };

        	if (IS_UQUOTA_ENFORCED(mp) && udqp && is_low(udqp)) {
        		walk.uid = make_uid(mp->ns, udqp->q_id);
        		walk.flags |= FLAG_UID;
        	}
        	if (IS_GQUOTA_ENFORCED(mp) && gdqp && is_low(gdqp)) {
        		walk.gid = make_gid(mp->ns, gdqp->q_id);
        		walk.flags |= FLAG_GID;
        	}
        	if (IS_QUOTA_RUNNING(mp) && udqp && is_low(udqp)) {
        		walk.uid = make_uid(mp->ns, udqp->q_id);
        		walk.flags |= FLAG_UID;
        	}
        	if (IS_QUOTA_RUNNING(mp) && gdqp && is_low(gdqp)) {
        		walk.gid = make_gid(mp->ns, gdqp->q_id);
        		walk.flags |= FLAG_GID;
        	}
        	return walk.flags;
        }
        """)
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      let definition = context.program.definition(id)
      let file = context.program.file(of: id)
      guard !definition.isMacro else { return [] }
      return definition.nodes.flatMap { block -> [Finding] in
        guard file[block].kind == .block else { return [] }
        let statements = Array(file.list(file[block].a, file[block].b))
        return zip(statements, statements.dropFirst()).compactMap { first, second in
          guard file[first].kind == .ifStatement, file[second].kind == .ifStatement, file[first].c < 0,
            file[second].c < 0
          else { return nil }
          return compare(first, second, id, file, context)
        }
      }
    }
  }

  private func compare(
    _ first: NodeID, _ second: NodeID, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext
  ) -> Finding? {
    func words(_ node: NodeID) -> [String] {
      SourceText.text(of: node, file, context.program.symbols).split { !$0.isLetter && !$0.isNumber && $0 != "_" }
        .map(String.init)
    }
    let asked = words(file[second].a)
    let left = words(file[first].a) + words(file[first].b)
    let right = asked + words(file[second].b)
    guard left.count == right.count, left.count > 8, left.count < 200 else { return nil }
    let differing = zip(left, right).filter { $0 != $1 }
    guard differing.count >= 3, let part = Self.part(differing[0].0, differing[0].1),
      // Numbers count what is alike.
      part.allSatisfy({ $0.allSatisfy(\.isLetter) }),
      differing.allSatisfy({ Self.part($0.0, $0.1).map { $0 == part } == true })
    else { return nil }
    let bodies = Set(words(file[second].b))
    // What both bodies share is meant for both.
    for word in asked where zip(left, right).contains(where: { $0 == word && $1 == word }) && !bodies.contains(word) {
      guard let other = Self.renamed(word, part).first(where: { knows($0, file, context) }) else { continue }
      return context.finding(
        description, id, second,
        "'\(word)' is asked here as in the branch before, where '\(other)' would fit what the branch does",
        evidence: [Evidence(context.place(id, first), "the branch that it is like")], key: "\(word) \(other)")
    }
    return nil
  }

  /// The part in which two names differ, without its case: ('u', 'g') for 'udqp' and 'gdqp'.
  private static func part(_ one: String, _ other: String) -> [String]? {
    let (left, right) = (Array(one), Array(other))
    let head = zip(left, right).prefix { $0 == $1 }.count
    let tail = zip(left.reversed(), right.reversed()).prefix { $0 == $1 }.count
    guard head + tail < min(left.count, right.count) + 1, left.count - tail > head, right.count - tail > head else {
      return nil
    }
    return [
      String(left[head..<(left.count - tail)]).lowercased(), String(right[head..<(right.count - tail)]).lowercased(),
    ]
  }

  /// The names that a name becomes where the one part stands for the other, in the case of what was there.
  private static func renamed(_ word: String, _ part: [String]) -> [String] {
    let letters = Array(word)
    let from = Array(part[0])
    guard letters.count > from.count else { return [] }
    return (0...(letters.count - from.count)).compactMap { start in
      let found = String(letters[start..<(start + from.count)])
      guard found.lowercased() == part[0] else { return nil }
      let new = found == found.uppercased() && found != found.lowercased() ? part[1].uppercased() : part[1]
      return String(letters[..<start]) + new + String(letters[(start + from.count)...])
    }
  }

  /// Whether the file mentions a name, or what it includes defines it.
  private func knows(_ name: String, _ file: ParsedFile, _ context: RuleContext) -> Bool {
    let symbol = context.program.symbols.intern(name)
    return file.tokens.contains { $0.symbol == symbol } || !context.program.definitions(of: symbol).isEmpty
  }
}
