using System.Runtime.Versioning;

[assembly: UnsupportedOSPlatform("windows")]

// Each class has a whole platform of its own; two of them at once would only make both slow.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
