namespace Hypervize.Dashboard.Endpoints;

/// <summary>A part of an endpoint's page.</summary>
/// <param name="Path">Last part of its address.</param>
/// <param name="Title">What its link says.</param>
public sealed record EndpointTab(string Path, string Title)
{
    private const string First = "overview";

    /// <summary>All of them, in order.</summary>
    public static IReadOnlyList<EndpointTab> All { get; } =
    [
        new(First, "Overview"), new("playground", "Playground"), new("telemetry", "Telemetry"), new("scaling", "Scaling"), new("logs", "Logs"), new("configuration", "Configuration"), new("cost", "Cost"),
    ];

    /// <summary>The one that an address names; null for one that there is not.</summary>
    /// <param name="path">What stands in the address; null for nothing.</param>
    public static EndpointTab? Find(string? path) => All.FirstOrDefault(t => t.Path.Equals(path ?? First, StringComparison.OrdinalIgnoreCase));

    /// <summary>Its address, below the dashboard's.</summary>
    /// <param name="endpointId">The endpoint.</param>
    public string Of(string endpointId) => Path == First ? $"inference/blocks/{endpointId}" : $"inference/blocks/{endpointId}/{Path}";
}
