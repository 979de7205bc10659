using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Hosting.Routing;
using Hypervize.Proxy.Keys;
using Hypervize.Proxy.Spending;
using Hypervize.Proxy.Waking;

namespace Hypervize.Proxy.Routing;

/// <summary>
/// The read model that requests are routed by: one writer at a time, read without locks. Knows nothing until a file was loaded or a
/// snapshot arrived.
/// </summary>
/// <param name="keys">Told of every change of an account.</param>
/// <param name="spending">What is known of accounts' spending.</param>
/// <param name="time">Time.</param>
public sealed class RoutingTable(KeyRing keys, SpendTable spending, TimeProvider time) : IRoutingTable
{
    private readonly Lock _writing = new();
    private readonly ConcurrentDictionary<string, RoutedEndpoint> _endpoints = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RoutedEndpoint> _draining = new(StringComparer.Ordinal);
    private volatile ReadModel _model = ReadModel.Empty;
    private volatile bool _present;

    /// <summary>
    /// Raised after each new state of an endpoint, deletions too, in order per endpoint; after the log went back it is one of an earlier version. Handlers run one after the other while further
    /// changes wait, so they must be quick and must not block.
    /// </summary>
    public event Action<RoutedEndpoint>? Changed;

    /// <summary>Whether a file was loaded or a snapshot arrived. Before that an endpoint that is not found may well exist.</summary>
    public bool IsPresent => _present;

    /// <summary>Everything that is known, as of one moment.</summary>
    public ReadModel Model => _model;

    /// <inheritdoc/>
    public long Position => _model.Position;

    /// <summary>Endpoints that have a draining node.</summary>
    public ICollection<RoutedEndpoint> Draining => _draining.Values;

    /// <summary>Finds an endpoint; one that was deleted is found for about an hour.</summary>
    /// <param name="endpointId">Its id.</param>
    /// <param name="endpoint">The endpoint.</param>
    public bool TryGet(string endpointId, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out RoutedEndpoint endpoint) =>
        _endpoints.TryGetValue(endpointId, out endpoint);

    /// <summary>Finds an endpoint; one that was deleted is found for about an hour.</summary>
    /// <param name="endpointId">Its id.</param>
    /// <param name="endpoint">The endpoint.</param>
    public bool TryGet(ReadOnlySpan<char> endpointId, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out RoutedEndpoint endpoint) =>
        _endpoints.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(endpointId, out endpoint);

    /// <summary>Waits until a version of an endpoint's or account's stream was heard of.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="version">The version.</param>
    /// <param name="within">For how long at most.</param>
    /// <param name="time">Time.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task HeardOfAsync(string stream, long version, TimeSpan within, TimeProvider time, CancellationToken cancel)
    {
        for (var since = time.GetTimestamp(); !IsHeardOf(stream, version) && time.GetElapsedTime(since) < within;)
            await Task.Delay(TimeSpan.FromMilliseconds(2), time, cancel);
    }

    /// <summary>Takes in a message about an endpoint.</summary>
    /// <param name="message">The message.</param>
    public void Apply(EndpointChanged message)
    {
        lock (_writing)
        {
            var before = _model;
            _model = before.Apply(message);
            if (!ReferenceEquals(before, _model)) Route(message.EndpointId, _model.Endpoints[message.EndpointId], message.Fact);
        }
    }

    /// <summary>Takes in a message about an account.</summary>
    /// <param name="message">The message.</param>
    public void Apply(AccountChanged message)
    {
        lock (_writing)
        {
            var before = _model;
            _model = before.Apply(message);
            if (!ReferenceEquals(before, _model)) keys.Hold(message.AccountId, _model.Accounts[message.AccountId].State.Keys);
        }
    }

    /// <inheritdoc/>
    public void Apply(RoutingSnapshot snapshot)
    {
        lock (_writing) Replace(_model.Apply(snapshot, time.GetUtcNow()));
    }

    /// <summary>Starts from what an earlier run knew.</summary>
    /// <param name="model">What it knew.</param>
    public void Load(ReadModel model)
    {
        lock (_writing) Replace(model);
    }

    private bool IsHeardOf(string stream, long version) =>
        spending.IsHeardOf(stream, version) || (_model.Endpoints.TryGetValue(stream, out var endpoint) && endpoint.Version >= version) || (_model.Accounts.TryGetValue(stream, out var account) && account.Version >= version);

    private void Replace(ReadModel after)
    {
        var before = _model;
        _model = after;
        foreach (var (id, heard) in after.Accounts)
            if (!before.Accounts.TryGetValue(id, out var known) || !ReferenceEquals(known, heard)) keys.Hold(id, heard.State.Keys);
        foreach (var id in before.Accounts.Keys.Where(id => !after.Accounts.ContainsKey(id))) keys.Hold(id, []);

        foreach (var id in before.Endpoints.Keys.Where(id => !after.Endpoints.ContainsKey(id)))
        {
            _endpoints.TryRemove(id, out _);
            _draining.TryRemove(id, out _);
        }
        _present = true;
        foreach (var (id, heard) in after.Endpoints)
            if (!before.Endpoints.TryGetValue(id, out var known) || !ReferenceEquals(known, heard)) Route(id, heard);
    }

    private void Route(string id, Heard<EndpointState> heard, EndpointEvent? fact = null)
    {
        var wake = _endpoints.TryGetValue(id, out var before) ? before.Wake : null;
        var endpoint = new RoutedEndpoint(heard.Version, heard.State, fact is null ? wake : WakeTimes.After(wake, fact));
        _endpoints[id] = endpoint;
        if (heard.State.Nodes.Any(n => n.Status == NodeStatus.Draining)) _draining[id] = endpoint;
        else _draining.TryRemove(id, out _);
        Changed?.Invoke(endpoint);
    }
}
