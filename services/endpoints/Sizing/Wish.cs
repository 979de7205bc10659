using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.Sizing.Fit;
using Hypervize.Sizing.Running;

namespace Hypervize.Endpoints.Sizing;

/// <summary>What an owner asks for, before anything is known of the model.</summary>
/// <param name="Name">Label.</param>
/// <param name="Model">Reference of the model; null when a quote says it.</param>
/// <param name="QuoteId">A quote; null for none.</param>
/// <param name="Context">Tokens of the longest sequence; null for the default.</param>
/// <param name="Quantization">How weights are quantised while loading, or which GGUF file; null for as they are.</param>
/// <param name="TrustRemoteCode">Whether the model's own code may run.</param>
/// <param name="Arguments">What the runtime is told beside.</param>
/// <param name="Sampling">How answers are drawn where a request does not say it.</param>
/// <param name="Hardware">Catalogue id; null for the cheapest that fits.</param>
/// <param name="Runtime">Runtime profile.</param>
/// <param name="Scaling">Bounds and idle time.</param>
/// <param name="HoldSeconds">Seconds a request is held.</param>
/// <param name="Access">Who may call it.</param>
/// <param name="Telemetry">Whether the add-on is on.</param>
/// <param name="Limits">How many inference requests it takes; left out of the fingerprint where there are none, as in those of wishes before there were limits.</param>
public sealed record Wish(
    string Name, string? Model, string? QuoteId, int? Context, string? Quantization, bool TrustRemoteCode, IReadOnlyList<string> Arguments, Sampling Sampling, string? Hardware, string Runtime, Scaling Scaling, int HoldSeconds,
    EndpointAccess Access, bool Telemetry, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] EndpointLimits? Limits = null)
{
    /// <summary>The same for the same wish, and for no other.</summary>
    public string Fingerprint() => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this)));

    /// <summary>What must be held.</summary>
    public Ask Ask() => new(Context, Concurrency: 1, Quantization);

    /// <summary>The settings of the endpoint.</summary>
    /// <param name="model">Reference of the model.</param>
    /// <param name="hardware">Catalogue id.</param>
    public EndpointSettings Settings(string model, string hardware) => new(Name, model, hardware, Runtime, Scaling, HoldSeconds, Access, Telemetry, Limits);

    /// <summary>The command that a repeated wish is: it is compared with what there is.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="there">What there is.</param>
    /// <param name="by">Who asks.</param>
    public Create Again(string accountId, EndpointState there, string by) => new(
        accountId, Settings(Model ?? there.Settings.Model, Hardware ?? there.Settings.Hardware), new(Fingerprint(), QuoteId, null, null, null, null, null), by);
}
