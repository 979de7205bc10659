using System.Globalization;
using Hypervize.Contracts;
using Hypervize.Dashboard.Plots;
using Hypervize.Dashboard.Shell;

namespace Hypervize.Dashboard.Endpoints.Telemetry;

/// <summary>A figure of a time.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">It, as people read it.</param>
/// <param name="Beside">What is said beside it.</param>
public sealed record TelemetryFigure(string Name, string Value, string Beside);

/// <summary>What a time came to.</summary>
public static class TelemetryFigures
{
    private const string Unknown = "–";

    /// <summary>The figures.</summary>
    /// <param name="whole">The time as one step; null while nothing of it is known.</param>
    public static IReadOnlyList<TelemetryFigure> Of(MetricsPoint? whole)
    {
        var ended = whole?.Statuses.Values.Sum() ?? 0;
        return
        [
            new("Requests", whole is null ? Unknown : Words.Number(whole.Requests), whole is null ? "" : $"{Words.Number(whole.RequestsPerSecond * 60)} a minute"),
            new("Errors", whole is null || ended == 0 ? Unknown : Share(whole.Errors, ended), whole is null ? "" : $"{Words.Number(whole.Errors)} of {Words.Number(ended)}; {Words.Number(whole.Refused)} refused"),
            new("Tokens in", whole is null ? Unknown : Short(whole.PromptTokens), whole is null ? "" : Words.Number(whole.PromptTokens)),
            new("Tokens out", whole is null ? Unknown : Short(whole.CompletionTokens), whole is null ? "" : Words.Number(whole.CompletionTokens)),
            new("First token, p95", Milliseconds(whole?.FirstTokenMs?.P95), whole?.FirstTokenMs is { } first ? $"half within {Milliseconds(first.P50)}" : "of streams"),
            new("Latency, p95", Milliseconds(whole?.LatencyMs?.P95), whole?.LatencyMs is { } latency ? $"half within {Milliseconds(latency.P50)}" : "until the answer's end"),
        ];
    }

    private static string Share(int errors, int ended) =>
        errors == 0 ? "0 %" : (100.0 * errors / ended) switch { < 0.01 => "< 0.01 %", var share => share.ToString("0.##", CultureInfo.InvariantCulture) + " %" };

    private static string Short(long count) => count switch
    {
        < 10_000 => Words.Number(count),
        < 1_000_000 => (count / 1e3).ToString("0.#", CultureInfo.InvariantCulture) + " k",
        < 1_000_000_000 => (count / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + " M",
        _ => (count / 1e9).ToString("0.##", CultureInfo.InvariantCulture) + " G",
    };

    private static string Milliseconds(double? value) => PlotText.Of(value, PlotUnit.Milliseconds);
}
