using System.Collections.Immutable;
using Hypervize.Contracts;
using Hypervize.Hosting.Routing;

namespace Hypervize.Autoscaler.Messaging;

/// <summary>The endpoints as this autoscaler knows them, by messages and snapshots.</summary>
/// <param name="time">Time.</param>
public sealed class EndpointTable(TimeProvider time) : IRoutingTable
{
    private readonly Lock _writing = new();
    private volatile ReadModel _model = ReadModel.Empty;
    private volatile bool _present;

    /// <summary>Whether a snapshot has arrived.</summary>
    public bool IsPresent => _present;

    /// <summary>All endpoints by id, as of one moment; deleted ones for a while, too.</summary>
    public ImmutableDictionary<string, Heard<EndpointState>> Endpoints => _model.Endpoints;

    /// <inheritdoc/>
    public long Position => _model.Position;

    /// <summary>Takes in a message about an endpoint.</summary>
    /// <param name="message">The message.</param>
    public void Apply(EndpointChanged message)
    {
        lock (_writing) _model = _model.Apply(message);
    }

    /// <inheritdoc/>
    public void Apply(RoutingSnapshot snapshot)
    {
        // Accounts and their keys are nothing to an autoscaler.
        lock (_writing) _model = _model.Apply(snapshot with { Accounts = [] }, time.GetUtcNow());
        _present = true;
    }
}
