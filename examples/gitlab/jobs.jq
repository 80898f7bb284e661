# Turns a plan (`bakehouse plan --save plan.json`) into a GitLab child pipeline:
# a job for each job of the plan, then one that merges. JSON is YAML, too.

[.apps[] as $app | $app.versions[] | { app: $app.app.name, version: .version.number, jobs }] as $versions
| {
    default: {
      before_script: [
        "printf %s \"$REGISTRY_PASSWORD\" | docker login \"$REGISTRY\" --username \"$REGISTRY_USERNAME\" --password-stdin"
      ]
    },
    stages: ["build", "merge"],
    merge: {
      stage: "merge",
      # Also after failed builds: what is complete is published.
      when: "always",
      script: (
        ["failed=0"]
        + [$versions[] | select(.jobs != []) | "bakehouse merge \(.app | @sh) --version \(.version | @sh)\(if any(.jobs[]; .rebuild) then " --rebuild" else "" end) || failed=$?"]
        + ["exit $failed"]
      )
    }
  }
+ ([$versions[].jobs[]] | map({
    key: "\(.app) \(.version) \(.images | join("+")) \(.platform)",
    value: {
      stage: "build",
      tags: [.platform],
      script: [
        "bakehouse build \(.app | @sh) --version \(.version | @sh) --platform \(.platform | @sh) --image \(.images | join(",") | @sh)\(if .rebuild then " --rebuild" else "" end)"
      ],
      artifacts: { when: "always", paths: ["digests"], expire_in: "1 week" }
    }
  }) | from_entries)
