using System.Globalization;

namespace Hypervize.Provisioner.Local;

/// <summary>How busy a runtime says it is.</summary>
/// <param name="Running">Requests that generate now.</param>
/// <param name="Waiting">Requests in its own queue; 0 when it has no metric for them.</param>
/// <param name="CacheUsed">Share of the KV cache in use, 0 to 1; null when it doesn't tell.</param>
public sealed record RuntimeGauges(int Running, int Waiting, double? CacheUsed)
{
    /// <summary>Reads them.</summary>
    /// <param name="text">Its metrics.</param>
    /// <param name="paths">What they are called.</param>
    /// <returns>Null when it does not tell how many requests run.</returns>
    internal static RuntimeGauges? Of(string text, ProbePaths paths)
    {
        var metrics = new RuntimeMetrics(text, [.. paths.RequestMetrics, .. paths.WaitingMetrics, .. paths.CacheMetrics]);
        return metrics.Sum(paths.RequestMetrics.Except(paths.WaitingMetrics)) is { } running
            ? new(running, metrics.Sum(paths.WaitingMetrics) ?? 0, metrics.Share(paths.CacheMetrics))
            : null;
    }
}

/// <summary>Some metrics of a runtime, read from Prometheus' text format: <c>name{labels} value</c>, a line for each set of labels.</summary>
internal sealed class RuntimeMetrics
{
    private readonly Dictionary<string, List<double>> _values;

    /// <summary>Reads them. The text is gone through once, since a runtime's may have thousands of lines.</summary>
    /// <param name="text">The text.</param>
    /// <param name="names">Those to read.</param>
    public RuntimeMetrics(string text, IEnumerable<string> names)
    {
        _values = names.Distinct().ToDictionary(n => n, _ => new List<double>());
        var values = _values.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var line in text.AsSpan().EnumerateLines())
            if (line.IndexOfAny('{', ' ') is > 0 and var end && values.TryGetValue(line[..end], out var found)) found.Add(Value(line[end..]));
    }

    /// <summary>The sum over names and labels, rounded up; null when none is there, or one is no number.</summary>
    /// <param name="names">Names among those that were read.</param>
    public int? Sum(IEnumerable<string> names) =>
        names.SelectMany(n => _values[n]).DefaultIfEmpty(double.NaN).Sum() is var sum && double.IsFinite(sum) ? (int)Math.Ceiling(sum) : null;

    /// <summary>The first that is there, its mean over labels: engines side by side have caches of one size. Null when none is, or it is no share.</summary>
    /// <param name="names">Names among those that were read.</param>
    public double? Share(IEnumerable<string> names) =>
        names.Select(n => _values[n]).FirstOrDefault(v => v.Count > 0)?.Average() is >= 0 and <= 1 and var share ? share : null;

    // A time may follow, and labels may contain anything.
    private static double Value(ReadOnlySpan<char> rest)
    {
        var value = rest[(rest.LastIndexOf('}') + 1)..].Trim();
        if (value.IndexOf(' ') is > 0 and var end) value = value[..end];
        return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;
    }
}
