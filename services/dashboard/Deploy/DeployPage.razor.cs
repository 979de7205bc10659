using Hypervize.Client;
using Hypervize.Contracts;
using Hypervize.Dashboard.Shell;
using Hypervize.Hosting.Requests;
using Hypervize.Sizing.Fit;
using Hypervize.Sizing.Quotes;
using Microsoft.AspNetCore.Components;

namespace Hypervize.Dashboard.Deploy;

/// <summary>From a model's id to an endpoint: what it needs, fits on and costs is known before it is paid for.</summary>
public partial class DeployPage
{
    private static readonly Dictionary<string, string> Runtimes = DeployFields.Runtimes.ToDictionary(r => r.Runtime, r => r.Says);

    private readonly DeployForm _form = new();
    private QuoteDesk _desk = null!;
    private EndpointOrder _order = null!;
    private HardwareList? _catalogue;
    private bool _givesToken, _showsAdvanced, _isMade;

    /// <summary>The model to begin with.</summary>
    [SupplyParameterFromQuery(Name = "model")] public string? ModelAtFirst { get; set; }

    /// <summary>The hardware to begin with.</summary>
    [SupplyParameterFromQuery(Name = "hardware")] public string? HardwareAtFirst { get; set; }

    private bool IsAnalysed => _form.Text(DeployFields.Model) is not null && _form.Runtime != DeployFields.OwnCommand;

    // The newest that is known of the model, though something else may be asked by now.
    private Quote? Known => IsAnalysed ? _desk.Quote : null;

    private Offers? Offers => Known is null ? null : Offers.Of(Known.Options);

    private string? Chosen => _form.WantedHardware ?? Offers?.Recommended?.Hardware;

    private Price? Cost => Price.Of(Known, _catalogue, Chosen, _form.Telemetry, _form.Number(DeployFields.Min), _form.Number(DeployFields.Max));

    private bool ShowsToken => _givesToken || _form.Text(DeployFields.Token) is not null || Known?.Details.IsClosed is true || Advice.AsksForToken(Problem) || (IsAnalysed && Advice.AsksForToken(_desk.Refusal));

    private string ContextHelp => Known is null ? "The longest sequence, question and answer together." : $"Up to {ModelWords.Tokens(Known.MaxContext)}; longer ones need more memory.";

    private bool CanDeploy => RendererInfo.IsInteractive && !IsBusy && !_isMade && Readiness.Missing(_form, _desk) is null;

    private string DeployState => IsBusy ? "One moment." : Readiness.Missing(_form, _desk) ?? $"{_form.Text(DeployFields.Name)} on {Chosen}: it begins to cost when its first node is ready.";

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        (_desk, _order) = (new(Visit.Api, Time), new(Visit.Api));
        if (!string.IsNullOrWhiteSpace(ModelAtFirst)) _form.Type(DeployFields.Model, ModelAtFirst.Trim());
        _form.Hardware = string.IsNullOrWhiteSpace(HardwareAtFirst) ? null : HardwareAtFirst.Trim();
    }

    /// <inheritdoc/>
    protected override async Task OpenAsync()
    {
        // Without it a quote tells the same, only later.
        await AskAsync(async () => _catalogue = await Visit.Api.GetAsync<HardwareList>("v1/hardware", Left));
        if (!RendererInfo.IsInteractive) return;
        var asking = ChangedAsync();
        StateHasChanged();
        await asking;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _desk.Dispose();
        base.Dispose(disposing);
    }

    private async Task ChangedAsync()
    {
        await AskAsync(() => _desk.AskAsync(_form.Ask()));
        TakeQuoteRefusal();
    }

    private async Task AskAgainAsync()
    {
        if (_form.Ask() is { } ask) await AskAsync(() => _desk.AskAgainAsync(ask));
        TakeQuoteRefusal();
    }

    // What a quote's refusal says of the model stands below the model; what it says of other fields, beside them.
    private void TakeQuoteRefusal()
    {
        if (_desk is { IsAsking: false, IsOld: false, Refusal: { Code: DeployForm.Invalid } refusal }) _form.Take(refusal);
    }

    private Task RemedyAsync(Remedy remedy)
    {
        switch (remedy)
        {
            case Remedy.None:
                break;
            case Remedy.AskAgain:
                return AskAgainAsync();
            case Remedy.GiveToken:
                _givesToken = true;
                _form.LookAt(DeployFields.Token);
                break;
            case Remedy.AnyHardware:
                _form.Hardware = null;
                _form.Settle(DeployFields.Hardware);
                return ChangedAsync();
            case Remedy.DefaultContext:
                _form.Type(DeployFields.Context, "");
                return ChangedAsync();
        }
        return Task.CompletedTask;
    }

    // Who takes what is recommended goes on with it, whatever that comes to be.
    private Task ChooseAsync(HardwareOption option)
    {
        _form.Hardware = option.Hardware == Offers?.Recommended?.Hardware ? null : option.Hardware;
        _form.Settle(DeployFields.Hardware);
        return ChangedAsync();
    }

    private Task SleepAsync(bool sleeps)
    {
        _form.Type(DeployFields.Min, sleeps ? "0" : "1");
        return ChangedAsync();
    }

    private Task SwitchTelemetryAsync(bool isOn)
    {
        _form.Telemetry = isOn;
        return ChangedAsync();
    }

    private Task RunOnAsync(string? runtime)
    {
        _form.Runtime = runtime ?? DeployFields.Simulator;
        _form.Settle(DeployFields.Runtime);
        _form.Settle(DeployFields.Hardware);
        return ChangedAsync();
    }

    private string Span(NumberField field) => _form.Number(field) is { } seconds ? Words.Span(TimeSpan.FromSeconds(seconds)) : "–";

    private async Task DeployAsync()
    {
        if (!CanDeploy) return;
        _form.Settle(null);
        EndpointResource? made = null;
        if (await DoAsync(async () => made = await OrderAsync()))
        {
            _isMade = true;
            Navigation.NavigateTo($"inference/blocks/{made!.Id}");
        }
        else if (Problem is { } refusal)
        {
            _form.Take(refusal);
            _form.LookAtWrong();
            _showsAdvanced |= _form.IsWrongWithin(DeployFields.Runtime, DeployFields.TrustRemoteCode, DeployFields.Quantization.Path, DeployFields.Concurrency.Path, DeployFields.Hold.Path);
        }
    }

    private async Task<EndpointResource> OrderAsync()
    {
        var shown = Cost;
        try
        {
            return await _order.SendAsync(_form.ToBody(_desk.Holding?.Id), Left);
        }
        catch (RefusedException e) when (e.Code is "quote_expired" or "quote_not_found" && _form.Ask() is { } ask)
        {
            await _desk.AskAgainAsync(ask);
            if (_desk.Holding is not { } renewed) throw _desk.Refusal ?? e;
            if (Cost != shown) throw new RefusedException("Prices have changed since this page was opened: they are shown as they are now. Deploy once more if they are fine.");
            return await _order.SendAsync(_form.ToBody(renewed.Id), Left);
        }
    }
}
