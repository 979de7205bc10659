using System.Globalization;
using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Fit;

namespace Hypervize.Dashboard.Deploy;

/// <summary>What is known of a model, as people read it.</summary>
public static class ModelWords
{
    /// <summary>A number of parameters: <c>8.03 B</c>, <c>494 M</c>.</summary>
    /// <param name="parameters">Parameters; null when unknown.</param>
    public static string Parameters(long? parameters) => parameters switch
    {
        null => "unknown",
        >= 1_000_000_000 => $"{Rounded(parameters.Value / 1e9, "#,0.##")} B",
        >= 1_000_000 => $"{Rounded(parameters.Value / 1e6, "#,0.#")} M",
        _ => Rounded(parameters.Value, "#,0"),
    };

    /// <summary>Bytes, decimal, as sizes of weights are told: <c>16.1 GB</c>.</summary>
    /// <param name="bytes">Bytes.</param>
    public static string Bytes(long bytes) => bytes switch
    {
        >= 1_000_000_000 => $"{Rounded(bytes / 1e9, "#,0.0")} GB",
        >= 1_000_000 => $"{Rounded(bytes / 1e6, "#,0")} MB",
        _ => $"{Rounded(bytes / 1e3, "#,0")} KB",
    };

    /// <summary>What a model is served for.</summary>
    /// <param name="task">The task.</param>
    public static string Task(ModelTask task) => task switch
    {
        ModelTask.Chat => "Chat",
        ModelTask.Completion => "Completion",
        ModelTask.Embedding => "Embedding",
    };

    /// <summary>Part of the runtime's memory that is left free.</summary>
    /// <param name="option">The hardware.</param>
    public static string Headroom(HardwareOption option) => $"{Rounded(Math.Floor(option.Headroom * 100), "0")} % of its memory stays free";

    /// <summary>Whole tokens, with thousands apart.</summary>
    /// <param name="tokens">Tokens.</param>
    public static string Tokens(int tokens) => tokens.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Rounded(double number, string format) => number.ToString(format, CultureInfo.InvariantCulture);
}
