using System.CommandLine;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;

namespace Hypervize.Cli.Endpoints;

/// <summary>Options for what an owner chooses when an endpoint is created, and may change later.</summary>
internal sealed class SettingsOptions
{
    private readonly Option<int?> _min = new("--min") { Description = "Fewest nodes; 0 lets it sleep." };
    private readonly Option<int?> _max = new("--max") { Description = "Most nodes." };
    private readonly Option<int?> _idle = new("--idle") { Description = "Seconds without a request before it sleeps." };
    private readonly Option<int?> _concurrency = new("--concurrency") { Description = "Requests one node takes at once." };
    private readonly Option<int?> _perNode = new("--node-rpm") { Description = "Requests per minute that one node can serve; 0 when only those at once count." };
    private readonly Option<int?> _hold = new("--hold") { Description = "Seconds a request is held." };
    private readonly Option<bool?> _open = new("--public") { Description = "Anyone may call it; `--public false`: only keys of the account." };
    private readonly Option<bool?> _telemetry = new("--telemetry") { Description = "With the logging and telemetry add-on; `--telemetry false`: without." };
    private readonly TuningOptions _tuning = new();
    private readonly LimitOptions _limits = new(), _ofAddress = new("address-", " of each client address, while anyone may call");

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_min, _max, _idle, _concurrency, _perNode, .. Tuning, _hold, _open, _telemetry, .. Limits];

    /// <summary>Those about limits.</summary>
    public IEnumerable<Option> Limits => [_limits.PerMinute, _limits.Concurrent, _ofAddress.PerMinute, _ofAddress.Concurrent];

    /// <summary>Those about the scaling policy.</summary>
    public IEnumerable<Option> Tuning => _tuning.All;

    /// <summary>Has a body say what was given.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="body">The body.</param>
    public void Add(ParseResult parsed, JsonObject body)
    {
        var scaling = new JsonObject();
        foreach (var (field, option) in new[] { ("min", _min), ("max", _max), ("idleSeconds", _idle), ("concurrency", _concurrency) })
            if (parsed.GetValue(option) is { } number) scaling[field] = number;
        if (parsed.GetValue(_perNode) is { } perNode) scaling["requestsPerMinute"] = perNode == 0 ? null : perNode;
        if (_tuning.Of(parsed) is { } tuning) scaling["tuning"] = tuning;
        if (scaling.Count > 0) body["scaling"] = scaling;
        if (parsed.GetValue(_hold) is { } seconds) body["holdSeconds"] = seconds;
        if (parsed.GetValue(_open) is { } open) body["access"] = open ? "public" : "private";
        if (parsed.GetValue(_telemetry) is { } telemetry) body["telemetry"] = telemetry;
        if (_limits.Of(parsed) is { } all) body["limits"] = all;
        if (_ofAddress.Of(parsed) is { } each) (body["limits"] ??= new JsonObject())["perAddress"] = each;
    }
}
