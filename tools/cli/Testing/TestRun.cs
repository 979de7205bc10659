using System.Xml.Linq;

namespace Hypervize.Cli.Testing;

/// <summary>A test that failed.</summary>
/// <param name="Project">Its project.</param>
/// <param name="Name">Its name.</param>
/// <param name="Message">What it said.</param>
/// <param name="Stack">Where.</param>
public sealed record FailedTest(string Project, string Name, string Message, string Stack);

/// <summary>How the tests of one or more projects went.</summary>
/// <param name="Passed">Tests that passed.</param>
/// <param name="Failed">Tests that failed, and hosts that died.</param>
/// <param name="Skipped">Tests that were skipped.</param>
/// <param name="Failures">Details of what failed.</param>
public sealed record TestRun(int Passed, int Failed, int Skipped, IReadOnlyList<FailedTest> Failures)
{
    /// <summary>Projects and names of those that passed.</summary>
    internal IReadOnlyList<(string Project, string Name)> Good { get; init; } = [];

    /// <summary>Tests that failed at first, and passed when they were run once more.</summary>
    public IReadOnlyList<FailedTest> Unsteady { get; init; } = [];

    private const string Host = "(the test host)";

    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>The line a run ends with.</summary>
    public string Summary => $"{Passed} passed, {Failed} failed, {Skipped} skipped";

    /// <summary>No test ran.</summary>
    public static TestRun None { get; } = new(0, 0, 0, []);

    /// <summary>A project whose host died, or that left no results, counts as a failure.</summary>
    /// <param name="project">The project.</param>
    /// <param name="output">What its host printed last.</param>
    public static TestRun Died(string project, string output) => new(0, 1, 0, [new(project, Host, "ended before its time", output)]);

    /// <summary>Reads a results file of <c>dotnet test</c>.</summary>
    /// <param name="project">The project.</param>
    /// <param name="trx">The file's content.</param>
    public static TestRun Read(string project, string trx)
    {
        var document = XDocument.Parse(trx);
        var results = document.Descendants(Trx + "UnitTestResult").ToList();
        var failed = from r in results
                     where Outcome(r) is not ("Passed" or "NotExecuted")
                     let error = r.Element(Trx + "Output")?.Element(Trx + "ErrorInfo")
                     select new FailedTest(project, (string?)r.Attribute("testName") ?? "?", Text(error, "Message"), Text(error, "StackTrace"));
        // Tests that a crash kept from running are not listed; the crash is told beside.
        var crashes = from r in document.Descendants(Trx + "RunInfo")
                      let text = r.Element(Trx + "Text")?.Value ?? ""
                      where text.Contains("test run was aborted", StringComparison.OrdinalIgnoreCase)
                      select new FailedTest(project, Host, text, "");
        FailedTest[] failures = [.. failed, .. crashes.Take(1)];
        return new(results.Count(r => Outcome(r) == "Passed"), failures.Length, results.Count(r => Outcome(r) == "NotExecuted"), failures)
        {
            Good = [.. results.Where(r => Outcome(r) == "Passed").Select(r => (project, (string?)r.Attribute("testName") ?? "?"))],
        };

        static string Outcome(XElement result) => (string?)result.Attribute("outcome") ?? "";
        static string Text(XElement? error, string name) => error?.Element(Trx + name)?.Value ?? "";
    }

    /// <summary>The run, after what failed in it was run once more.</summary>
    /// <param name="again">How that went.</param>
    public TestRun After(TestRun again)
    {
        FailedTest[] still = [.. Failures.Where(f => !again.Good.Contains((f.Project, f.Name)))];
        return this with { Passed = Passed + Failures.Count - still.Length, Failed = still.Length, Failures = still, Unsteady = [.. Failures.Except(still)] };
    }

    /// <summary>What is to be run once more, by project, as <c>dotnet test</c> filters: all that failed, but no host that died.</summary>
    public ILookup<string, string> OnceMore => Failures.Where(f => f.Name != Host).ToLookup(f => f.Project, f => $"FullyQualifiedName={f.Name.Split('(')[0]}");

    /// <summary>Adds runs up.</summary>
    /// <param name="runs">Runs.</param>
    public static TestRun Sum(IReadOnlyCollection<TestRun> runs) =>
        new(runs.Sum(r => r.Passed), runs.Sum(r => r.Failed), runs.Sum(r => r.Skipped), [.. runs.SelectMany(r => r.Failures)]) { Good = [.. runs.SelectMany(r => r.Good)], Unsteady = [.. runs.SelectMany(r => r.Unsteady)] };
}
