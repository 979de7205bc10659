using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Fit;

namespace Hypervize.Sizing.Quotes;

/// <summary>What a quote is asked for.</summary>
/// <param name="Model">Reference of the model.</param>
/// <param name="Ask">What must be held.</param>
/// <param name="Hardware">Catalogue id of the hardware that must be taken; null for the best.</param>
/// <param name="MinNodes">Fewest nodes while up; 0 lets it sleep.</param>
/// <param name="MaxNodes">Most nodes.</param>
/// <param name="AddOns">Catalogue ids of add-ons.</param>
public sealed record QuoteRequest(string Model, Ask Ask, string? Hardware, int MinNodes, int MaxNodes, IReadOnlyList<string> AddOns);

/// <summary>An add-on and what it costs.</summary>
/// <param name="Id">Catalogue id.</param>
/// <param name="HourlyUsd">US dollars per hour while a node runs.</param>
public sealed record QuotedAddOn(string Id, decimal HourlyUsd);

/// <summary>What a day costs, US dollars.</summary>
/// <param name="AtMin">With the fewest nodes awake: of an endpoint that may sleep, one.</param>
/// <param name="AtMax">With the most nodes.</param>
/// <param name="Asleep">Asleep all day.</param>
public sealed record DailyCost(decimal AtMin, decimal AtMax, decimal Asleep);

/// <summary>How long a node loads, estimated, seconds. From the start of the runtime: what a provider takes to give a node comes before.</summary>
/// <param name="Cold">When the weights must be downloaded.</param>
/// <param name="Warm">When they are on the node's disk.</param>
public sealed record LoadTime(int Cold, int Warm);

/// <summary>What a model needs, on what it fits and what that costs.</summary>
/// <param name="Model">The model.</param>
/// <param name="Revision">The revision that was analysed, and that is loaded.</param>
/// <param name="Task">What it is served for.</param>
/// <param name="Parameters">Parameters; null when unknown.</param>
/// <param name="WeightBytes">Bytes of its weights as they are stored.</param>
/// <param name="KvBytesPerToken">Bytes that all layers together keep of a token; windows are not considered.</param>
/// <param name="MaxContext">Tokens of the longest sequence it was made for.</param>
/// <param name="Estimate">Whether some of that is an estimate; then a margin is added to what is needed.</param>
/// <param name="Context">Tokens of the longest sequence that is quoted for.</param>
/// <param name="Concurrency">Sequences of that length that are held at once.</param>
/// <param name="Options">Every hardware there is, and whether it fits.</param>
/// <param name="Chosen">Catalogue id of the hardware that is quoted.</param>
/// <param name="Ladder">Catalogue ids of what is tried, in order, when the chosen one is not to be had.</param>
/// <param name="HourlyUsd">US dollars per hour of one node, add-ons included.</param>
/// <param name="NodeHourlyUsd">US dollars per hour of one node alone.</param>
/// <param name="AddOns">Add-ons: charged once per endpoint while a node of it runs.</param>
/// <param name="DailyUsd">What a day costs.</param>
/// <param name="DiskGb">Disk that a node needs, GB.</param>
/// <param name="LoadSeconds">How long a node loads.</param>
/// <param name="Details">All that is known of the model, and where it comes from.</param>
public sealed record Quote(
    string Model, string? Revision, ModelTask Task, long? Parameters, long WeightBytes, long KvBytesPerToken, int MaxContext, bool Estimate, int Context, int Concurrency,
    IReadOnlyList<HardwareOption> Options, string Chosen, IReadOnlyList<string> Ladder, decimal HourlyUsd, decimal NodeHourlyUsd, IReadOnlyList<QuotedAddOn> AddOns,
    DailyCost DailyUsd, int DiskGb, LoadTime LoadSeconds, ModelAnalysis Details)
{
    /// <summary>Its id, to create an endpoint by; null for a quote that nobody keeps.</summary>
    public string? Id { get; init; }

    /// <summary>Until when it can be created by; null for a quote that nobody keeps.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
