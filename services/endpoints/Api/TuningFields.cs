using Hypervize.Contracts;
using Hypervize.Hosting.Requests;

namespace Hypervize.Endpoints.Api;

/// <summary>The fields of an endpoint's own tuning of the scaling policy. Their bounds are those of the operator's.</summary>
/// <param name="path">Where they stand.</param>
public sealed class TuningFields(string path)
{
    /// <summary>The object itself.</summary>
    public GroupField Whole { get; } = new(path, "What it tunes otherwise than the operator does. Replaced as a whole; null for nothing, as each member.");

    /// <summary><c>utilisation</c></summary>
    public DecimalField Utilisation { get; } = new($"{path}.utilisation", "Share of what a node can do that it should carry on average.", 0.1m, 1) { IsNullable = true };

    /// <summary><c>windowSeconds</c></summary>
    public NumberField WindowSeconds { get; } = new($"{path}.windowSeconds", "Seconds over which load is averaged; a tenth of it for bursts.", 2, 300, null) { IsNullable = true };

    /// <summary><c>stabilisationSeconds</c></summary>
    public NumberField StabilisationSeconds { get; } = new($"{path}.stabilisationSeconds", "Seconds for which less must have been enough before nodes leave.", 1, 3600, null) { IsNullable = true };

    /// <summary><c>panicAt</c></summary>
    public DecimalField PanicAt { get; } = new($"{path}.panicAt", "A burst of so many times the target of all nodes counts at once, and nothing goes down for a window.", 1.1m, 100) { IsNullable = true };

    /// <summary><c>upRate</c></summary>
    public DecimalField UpRate { get; } = new($"{path}.upRate", "How many times the nodes that serve there may be after one decision.", 1.1m, 1000) { IsNullable = true };

    /// <summary><c>downRate</c></summary>
    public DecimalField DownRate { get; } = new($"{path}.downRate", "How many times the nodes that are left there may have been before one decision.", 1.1m, 1000) { IsNullable = true };

    /// <summary>All of them.</summary>
    public IReadOnlyList<Field> All => [Whole, Utilisation, WindowSeconds, StabilisationSeconds, PanicAt, UpRate, DownRate];

    /// <summary>Reads a tuning; null for none, also when an object says none.</summary>
    /// <param name="reader">The body.</param>
    public ScalingTuning? Read(RequestReader reader)
    {
        var tuning = new ScalingTuning(
            (double?)reader.Fraction(Utilisation), reader.Number(WindowSeconds), reader.Number(StabilisationSeconds),
            (double?)reader.Fraction(PanicAt), (double?)reader.Fraction(UpRate), (double?)reader.Fraction(DownRate));
        return tuning == new ScalingTuning() ? null : tuning;
    }
}
