using Hypervize.Client;
using Hypervize.Contracts;
using Microsoft.AspNetCore.Components;

namespace Hypervize.Dashboard.Hardware;

/// <summary>What nodes can run on, and what that costs.</summary>
public partial class HardwarePage
{
    private static readonly (HardwareOrder Order, string Title, string Kind)[] Columns =
    [
        (HardwareOrder.Name, "Hardware", ""), (HardwareOrder.Gpu, "GPU", ""), (HardwareOrder.Memory, "GPU memory", "number"), (HardwareOrder.Vcpu, "vCPU", "number"),
        (HardwareOrder.Ram, "RAM", "number"), (HardwareOrder.Price, "An hour", "number"),
    ];

    private HardwareList? _catalogue;
    private RefusedException? _problem;
    private bool _isLoading;
    private HardwareQuery _query = HardwareQuery.Parse(null, null);
    private IReadOnlyList<HardwareResource> _shown = [];

    /// <summary>GPU memory that is needed, GiB.</summary>
    [SupplyParameterFromQuery(Name = "memory")] public string? Memory { get; set; }

    /// <summary>In which order.</summary>
    [SupplyParameterFromQuery(Name = "sort")] public string? Sort { get; set; }

    /// <inheritdoc/>
    protected override void OnParametersSet() => Arrange(HardwareQuery.Parse(Memory, Sort));

    /// <inheritdoc/>
    protected override Task OpenAsync() => LoadAsync();

    private async Task LoadAsync()
    {
        _isLoading = true;
        _problem = await AskAsync(async () => _catalogue = await Visit.Api.GetAsync<HardwareList>("v1/hardware", Left));
        _isLoading = false;
        Arrange(_query);
    }

    // While it is typed it stands here alone: the address takes it when that is done, and would else give back what was typed before.
    private void Need(string? memory) => Arrange(_query with { Memory = memory ?? "" });

    private void Show(HardwareQuery query)
    {
        Arrange(query);
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters("hardware", query.Parameters()), replace: true);
    }

    private void Arrange(HardwareQuery query) => (_query, _shown) = (query, _catalogue is null ? [] : query.Of(_catalogue));

    private string? Direction(HardwareOrder order) => order != _query.Order ? null : IsDescending(order) ? "descending" : "ascending";

    private string Arrow(HardwareOrder order) => order != _query.Order ? "" : IsDescending(order) ? " ↓" : " ↑";

    // Of memory and processors the most come first.
    private bool IsDescending(HardwareOrder order) => (order is HardwareOrder.Memory or HardwareOrder.Vcpu or HardwareOrder.Ram) != _query.IsReversed;

    private static string AddOnName(string id) => id switch
    {
        "telemetry" => "Logs and telemetry",
        "custom_domain" => "Custom domain",
        _ => id,
    };
}
