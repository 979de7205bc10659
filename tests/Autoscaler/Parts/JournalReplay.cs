using System.Text.Json;
using Hypervize.Autoscaler.Evaluation;
using Hypervize.Autoscaler.History;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Hosting.Routing;

namespace Hypervize.Autoscaler.Tests;

/// <summary>Gives what an autoscaler heard, by its journal, to another one.</summary>
internal static class JournalReplay
{
    /// <summary>The commands in order, in words: those that were given, and those that would be given again.</summary>
    public static (IReadOnlyList<string> Said, IReadOnlyList<string> Again) Of(string journal)
    {
        var (said, again, endpoints, evaluator) = (new List<string>(), new List<string>(), new Dictionary<string, Heard<EndpointState>>(), (Evaluator?)null);
        foreach (var line in Lines(journal).Select(l => JsonSerializer.Deserialize<JournalLine>(l, Json.Options)!))
        {
            if (line.Settings is { } settings) evaluator = new(settings, new Verdicts(TimeProvider.System));
            if (line.Report is { } report) evaluator!.Take(report, line.At);
            if (line.Commands is not { } commands) continue;
            foreach (var (version, state) in line.Changed ?? []) endpoints[state.Id] = new(version, version, state);
            foreach (var id in line.Gone ?? []) endpoints.Remove(id);
            said.AddRange(Words(commands));
            again.AddRange(Words(evaluator!.Evaluate(endpoints, line.At)));
        }
        return (said, again);
    }

    // While it is written to, the last line may not be whole.
    private static string[] Lines(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n')[..^1];
    }

    // In the order of the endpoints' ids: dictionaries have none.
    private static IEnumerable<string> Words(Commands commands) => commands.Scale.OrderBy(c => c.EndpointId, StringComparer.Ordinal).Select(c => $"{c.EndpointId} {c.DecidedOn} {c.Wanted} {string.Join(' ', c.Victims)} {c.Reason}")
        .Concat(commands.Hibernate.OrderBy(c => c.EndpointId, StringComparer.Ordinal).Select(c => $"{c.EndpointId} {c.DecidedOn} 0 {c.Reason}"));
}
