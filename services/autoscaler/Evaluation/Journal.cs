using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Hosting.Routing;

namespace Hypervize.Autoscaler.Evaluation;

/// <summary>A line of a journal: what the autoscaler heard, or what it decided on all that it had heard.</summary>
/// <param name="At">When, by its steady clock.</param>
/// <param name="Settings">How it measures, in the first line of a start.</param>
/// <param name="Report">A report that arrived.</param>
/// <param name="Changed">Endpoints that it did not know at the evaluation before, or knew in another version.</param>
/// <param name="Gone">Endpoints that it knew and does not any more.</param>
/// <param name="Commands">What an evaluation found should be done, in its line.</param>
public sealed record JournalLine(
    TimeSpan At, AutoscalerSettings? Settings = null, ProxyReport? Report = null, IReadOnlyList<VersionedEndpoint>? Changed = null, IReadOnlyList<string>? Gone = null, Commands? Commands = null);

/// <summary>
/// Writes down everything that decisions rest on, and the decisions, as lines of JSON: what is read from it into another evaluator makes that one decide the same. For who
/// looks into what an autoscaler did; it grows by some hundred bytes a second, and by endpoint with traffic as much again.
/// </summary>
public sealed class Journal : IDisposable
{
    private readonly StreamWriter _file;
    private readonly ILogger _log;
    private bool _isBroken;
    private IReadOnlyDictionary<string, Heard<EndpointState>> _known = new Dictionary<string, Heard<EndpointState>>();

    /// <summary>Begins to write.</summary>
    /// <param name="path">The file; what is in it stays.</param>
    /// <param name="settings">How the autoscaler measures.</param>
    /// <param name="log">Log.</param>
    public Journal(string path, AutoscalerSettings settings, ILogger<Journal> log)
    {
        (_file, _log) = (new(path, append: true) { AutoFlush = true }, log);
        Write(new(TimeSpan.Zero, settings));
    }

    /// <summary>A report arrived.</summary>
    /// <param name="report">The report.</param>
    /// <param name="now">When.</param>
    public void Heard(ProxyReport report, TimeSpan now) => Write(new(now, Report: report));

    /// <summary>All endpoints were evaluated.</summary>
    /// <param name="endpoints">The endpoints.</param>
    /// <param name="now">When.</param>
    /// <param name="commands">What should be done.</param>
    public void Evaluated(IReadOnlyDictionary<string, Heard<EndpointState>> endpoints, TimeSpan now, Commands commands)
    {
        List<VersionedEndpoint> changed = [.. endpoints.Values.Where(e => _known.GetValueOrDefault(e.State.Id)?.Version != e.Version).Select(e => new VersionedEndpoint(e.Version, e.State))];
        List<string> gone = [.. _known.Keys.Where(id => !endpoints.ContainsKey(id))];
        _known = endpoints;
        Write(new(now, Changed: changed.Count == 0 ? null : changed, Gone: gone.Count == 0 ? null : gone, Commands: commands));
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    // Scaling goes on without it; one with a hole would tell lies.
    private void Write(JournalLine line)
    {
        if (_isBroken) return;
        try
        {
            _file.WriteLine(JsonSerializer.Serialize(line, Json.Options));
        }
        catch (IOException e)
        {
            _isBroken = true;
            _log.LogError("The journal can't be written any more, and ends here: {Reason}", e.Message);
        }
    }
}
