using System.Text.Json.Nodes;

namespace Hypervize.Dashboard.Deploy;

/// <summary>What a quote is asked for: what it finds out, and what prices it holds.</summary>
/// <param name="Model">Reference of the model.</param>
/// <param name="Token">Token for the Hub; null for none.</param>
/// <param name="Context">Tokens of the longest sequence; null for the default.</param>
/// <param name="Quantization">How weights are quantised while loading; null for as they are.</param>
/// <param name="Hardware">Catalogue id; null for the cheapest that fits.</param>
/// <param name="Telemetry">Whether the price of the add-on is to hold too.</param>
public sealed record QuoteAsk(string Model, string? Token, int? Context, string? Quantization, string? Hardware, bool Telemetry)
{
    /// <summary>Fewest and most nodes, for what a day costs: a quote's prices hold for any. Null for the default.</summary>
    public (int Min, int Max)? Nodes { get; init; }

    /// <summary>Whether a quote for this is as good for another.</summary>
    /// <param name="other">The other; null for none.</param>
    public bool IsSame(QuoteAsk? other) => other is not null && this with { Nodes = other.Nodes } == other;

    /// <summary>Whether what another found out, of the model and of what it fits on, holds for this.</summary>
    /// <param name="other">The other; null for none.</param>
    public bool FindsTheSame(QuoteAsk? other) => other is not null && this with { Hardware = other.Hardware, Telemetry = other.Telemetry, Nodes = other.Nodes } == other;

    /// <summary>The body of the call.</summary>
    public JsonObject ToBody()
    {
        var body = new JsonObject { ["model"] = Model, ["telemetry"] = Telemetry };
        if (Token is not null) body["huggingFaceToken"] = Token;
        if (Context is { } context) body["context"] = context;
        if (Quantization is not null) body["quantization"] = Quantization;
        if (Hardware is not null) body["hardware"] = Hardware;
        if (Nodes is (var min, var max)) body["scaling"] = new JsonObject { ["min"] = min, ["max"] = max };
        return body;
    }

    /// <summary>Without the token: a log that prints it gives nothing away.</summary>
    public override string ToString() => Model;
}
