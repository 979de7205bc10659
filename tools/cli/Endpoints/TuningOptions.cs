using System.CommandLine;
using System.Text.Json.Nodes;

namespace Hypervize.Cli.Endpoints;

/// <summary>Options for an endpoint's own tuning of the scaling policy.</summary>
internal sealed class TuningOptions
{
    private readonly Option<decimal?> _utilisation = new("--utilisation") { Description = "Share of --concurrency that a node should carry on average, 0.1 to 1." };
    private readonly Option<int?> _window = new("--window") { Description = "Seconds over which load is averaged; a tenth of it for bursts." };
    private readonly Option<int?> _stabilisation = new("--stabilisation") { Description = "Seconds for which less must have been enough before nodes leave." };
    private readonly Option<decimal?> _panic = new("--panic") { Description = "A burst of so many times the target counts at once." };
    private readonly Option<decimal?> _upRate = new("--up-rate") { Description = "How many times the nodes that serve there may be after one decision." };
    private readonly Option<decimal?> _downRate = new("--down-rate") { Description = "How many times the nodes that are left there may have been before one decision." };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_utilisation, _window, _stabilisation, _panic, _upRate, _downRate];

    /// <summary>What a body says of them; null when none is given.</summary>
    /// <param name="parsed">The command line.</param>
    public JsonObject? Of(ParseResult parsed)
    {
        var tuning = new JsonObject();
        if (parsed.GetValue(_utilisation) is { } utilisation) tuning["utilisation"] = utilisation;
        if (parsed.GetValue(_window) is { } window) tuning["windowSeconds"] = window;
        if (parsed.GetValue(_stabilisation) is { } stabilisation) tuning["stabilisationSeconds"] = stabilisation;
        if (parsed.GetValue(_panic) is { } panic) tuning["panicAt"] = panic;
        if (parsed.GetValue(_upRate) is { } upRate) tuning["upRate"] = upRate;
        if (parsed.GetValue(_downRate) is { } downRate) tuning["downRate"] = downRate;
        return tuning.Count == 0 ? null : tuning;
    }

    /// <summary>A tuning in words; null for none.</summary>
    /// <param name="tuning">The tuning.</param>
    public static string? Words(JsonNode? tuning)
    {
        var words = string.Join(", ", new[]
        {
            ("utilisation", "utilisation ", ""), ("windowSeconds", "window ", " s"), ("stabilisationSeconds", "stabilisation ", " s"),
            ("panicAt", "panic at ", " times"), ("upRate", "up to ", " times at once"), ("downRate", "down to 1/", " at once"),
        }.Where(w => tuning?[w.Item1] is not null).Select(w => $"{w.Item2}{tuning![w.Item1]}{w.Item3}"));
        return words.Length == 0 ? null : words;
    }
}
