using System.Text.Json.Nodes;
using Hypervize.Autoscaling.Simulation;
using Hypervize.Client;
using Hypervize.Contracts;
using Hypervize.Dashboard.Plots;
using Hypervize.Dashboard.Shell;
using Microsoft.AspNetCore.Components;

namespace Hypervize.Dashboard.Endpoints.Autoscaling;

/// <summary>Settings of an endpoint tried on its own recorded traffic, beside those it has.</summary>
public sealed partial class WhatIf : LivePage
{
    private static readonly IReadOnlyList<RecentTime> Times = RecentTime.Some("1h", "24h", "7d");
    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(400);
    // Until whoever simulates has heard of a change.
    private static readonly TimeSpan News = TimeSpan.FromSeconds(1);

    private readonly NewestQuestion _question = new();
    private RecentTime _time = Times[1];
    private RecentTime? _shown;
    private Trial? _trial;
    private Rehearsal? _answer;
    private RefusedException? _refused;
    private (Scaling, int, bool)? _set;
    private ElementReference _heading, _confirm, _take;
    private Func<ElementReference>? _focus;
    private bool _isAsked, _isTaking, _wasTaken;

    /// <summary>The endpoint, as it is now.</summary>
    [Parameter, EditorRequired] public required EndpointResource It { get; set; }

    // What is shown does not answer what is asked now.
    private bool IsOld => _answer is not null && (_isAsked || _refused is not null || _trial?.IsSound is false);

    private JsonObject? Change => _trial is { IsSound: true } trial ? TrialCalls.Change(trial, It.Scaling) : null;

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        // The first page that is sent does not wait for it.
        var set = (It.Scaling, It.HoldSeconds, It.Telemetry);
        if (!RendererInfo.IsInteractive || _set == set) return;
        var pause = _set is null ? TimeSpan.Zero : News;
        _set = set;
        await AskAfterAsync(pause);
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_focus is not { } focus) return;
        _focus = null;
        await focus().FocusAsync();
    }

    private Task TryAsync(Trial trial)
    {
        (_trial, _isTaking, _wasTaken, Problem) = (trial, false, false, null);
        return AskAfterAsync(Debounce);
    }

    private Task ChooseAsync(RecentTime time)
    {
        _time = time;
        return AskAfterAsync(TimeSpan.Zero);
    }

    private Task TryAgainAsync() => AskAfterAsync(TimeSpan.Zero);

    private async Task AskAfterAsync(TimeSpan pause)
    {
        var (time, trial) = (_time, _trial);
        _isAsked = trial?.IsSound is not false;
        Rehearsal? answer = null;
        RefusedException? refused = null;
        // What can't be tried is not asked, but what was asked before is no longer of interest.
        var isNewest = await _question.AskAsync(async cancel =>
        {
            if (trial?.IsSound is false) return;
            if (pause > TimeSpan.Zero) await Task.Delay(pause, Time, cancel);
            refused = await AskAsync(async () => answer = await SimulatedAsync(trial, Time.GetUtcNow() - time.Length, cancel));
        }, Left);
        if (!isNewest) return;
        _isAsked = false;
        if (trial?.IsSound is not false) _refused = refused;
        if (answer is null) return;
        (_answer, _shown) = (answer, time);
        _trial = _trial?.On(answer.Runs[0].Settings) ?? Trial.Of(answer.Runs[0].Settings);
    }

    private Task<Rehearsal> SimulatedAsync(Trial? trial, DateTimeOffset from, CancellationToken cancel) =>
        Visit.Api.CallAsync<Rehearsal>(HttpMethod.Post, $"v1/endpoints/{It.Id}/simulations", TrialCalls.Simulation(trial, from), cancel);

    private void AskToTake() => (_isTaking, _focus, Problem) = (true, () => _confirm, null);

    private void Leave() => (_isTaking, _focus) = (false, () => _take);

    private async Task TakeAsync()
    {
        if (Change is not { } change || !await DoAsync(() => Visit.Api.CallAsync(HttpMethod.Patch, $"v1/endpoints/{It.Id}", change, Left))) return;
        (_trial, _isTaking, _wasTaken, _focus) = (_trial!.Taken(), false, true, () => _heading);
        await AskAfterAsync(News);
    }

    private string Said() => _wasTaken ? "It is set so." : _isAsked && _answer is not null ? "Simulating…"
        : _trial is { IsSound: true, Changes: [{ It.Name: "start" }] } ? "How long a node takes to start can be tried, but not set." : "";

    // Why there is no answer, and what helps.
    private (string Title, string Words, bool IsOurs)? Because() => _refused switch
    {
        null => null,
        { Code: "telemetry_off" } => ("There is no traffic to try it on", "Traffic is recorded while telemetry is on, and it is off. Switch it on, and come back when there was some traffic.", false),
        { Code: "nothing_recorded" } => ("Too little traffic is recorded yet", $"Of the last {_time.Label} too little was recorded since it was first up: some twenty seconds are needed. Come back later, or take a longer time.", false),
        { Code: "busy" } => ("Others simulate just now", "Some simulations are run at a time. It was not run; try again in some seconds.", true),
        var refused => ("It could not be simulated", refused.Detail, true),
    };
}
