using Hypervize.Client;
using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints.Overview;
using Hypervize.Dashboard.Shell;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.JSInterop;

namespace Hypervize.Dashboard.Endpoints.Configuration;

/// <summary>An endpoint's settings, to be changed. What is typed stays while the endpoint changes; what somebody else changed is not overwritten unasked.</summary>
public sealed partial class ConfigurationTab
{
    // Nodes come and go meanwhile, each with a version of its own.
    private const int Attempts = 5;
    private const string TelemetryId = "telemetry";

    private static readonly (string Word, string Title)[] Accesses = [("private", "Private: keys of the account"), ("public", "Public: anyone, without a key")];

    private Draft _draft = default!;
    private ElementReference _bar;
    private decimal? _telemetryPrice;
    private bool _wasSaved, _isDeleted, _opensTuning;

    /// <summary>The endpoint, as it is now.</summary>
    [Parameter, EditorRequired] public required EndpointResource It { get; set; }

    private string Route => $"v1/endpoints/{It.Id}";

    private bool MaySleep => _draft.Text(EndpointSettingList.Min).Trim() == "0";

    private string TelemetryPrice => _telemetryPrice is { } price ? $"{Words.Usd(price)} per hour while a node runs." : "Paid by the hour while a node runs.";

    // Limits of addresses have no effect while an endpoint is private, but are kept.
    private IEnumerable<EndpointSetting> ShownLimits => _draft.Text(EndpointSettingList.Access) == "public" || EndpointSettingList.AddressLimits.Any(s => _draft.Text(s).Length > 0)
        ? EndpointSettingList.Limits.Concat(EndpointSettingList.AddressLimits)
        : EndpointSettingList.Limits;

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        _draft = new(It);
        _opensTuning = It.Scaling.Tuning is not null;
    }

    /// <inheritdoc/>
    protected override void OnParametersSet() => _draft.Follow(It);

    /// <inheritdoc/>
    protected override async Task OpenAsync()
    {
        TimelinePage? first = null;
        HardwareList? catalog = null;
        // A quote may have locked another price than the catalogue's.
        if (It.Quote is not null) await AskAsync(async () => first = await Visit.Api.GetAsync<TimelinePage>($"{Route}/events?after=0&limit=1", Left));
        _telemetryPrice = (first?.Events is [var created, ..] ? created : null)?.Part<EndpointPlan>("plan")?.TelemetryPerHour;
        if (_telemetryPrice is not null) return;
        await AskAsync(async () => catalog = await Visit.Api.GetAsync<HardwareList>("v1/hardware", Left));
        _telemetryPrice = catalog?.AddOns?.FirstOrDefault(a => a.Id == TelemetryId)?.PricePerHour;
    }

    private void Edited()
    {
        (_wasSaved, Problem) = (false, null);
    }

    private void LetSleep(bool may)
    {
        _draft.Edit(EndpointSettingList.Min, may ? "0" : _draft.Now(EndpointSettingList.Min) is "0" ? "1" : _draft.Now(EndpointSettingList.Min));
        Edited();
    }

    private async Task SaveAsync()
    {
        if (!_draft.MaySave) return;
        if (!await DoAsync(SendAsync)) return;
        _wasSaved = !_draft.IsChanged;
        if (_wasSaved) await _bar.FocusAsync();
    }

    private async Task SendAsync()
    {
        for (var attempt = 1; _draft.MaySave; attempt++)
        {
            var sent = _draft.Changed;
            try
            {
                var now = await Visit.Api.CallAsync<EndpointResource>(HttpMethod.Patch, Route, _draft.Patch(), Left, version: _draft.Version);
                _draft.Saved(now, sent);
                return;
            }
            catch (RefusedException e) when (e.Code == "stale_version" && attempt < Attempts)
            {
                _draft.Follow(await Visit.Api.GetAsync<EndpointResource>(Route, Left));
            }
        }
    }

    private async Task DiscardAsync()
    {
        _draft.DropAll();
        Edited();
        await _bar.FocusAsync();
    }

    private async Task LeaveAsync(LocationChangingContext context)
    {
        if (!_draft.IsChanged || _isDeleted) return;
        if (!await JS.InvokeAsync<bool>("confirm", "Leave without saving? What you changed is lost.")) context.PreventNavigation();
    }
}
