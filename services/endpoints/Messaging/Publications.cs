using Hypervize.Contracts;
using Hypervize.Endpoints.Keys;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.EventSourcing;
using JasperFx.Events;

namespace Hypervize.Endpoints.Messaging;

/// <summary>What this service publishes of its log: every fact, with the state after it.</summary>
public static class Publications
{
    /// <summary>Registers the publications.</summary>
    /// <param name="publish">The composer of messages.</param>
    public static MessageComposer All(MessageComposer publish) => publish
        .Publish(EndpointLife.Fold, Endpoint)
        .Publish(AccountLife.Fold, (IEvent stored, AccountEvent fact, AccountState state) => new AccountChanged(state.Id, stored.Version, stored.Sequence, stored.Id, fact, state));

    private static EndpointChanged Endpoint(IEvent stored, EndpointEvent fact, EndpointState state) =>
        new(state.Id, stored.Version, stored.Sequence, stored.Id, fact, state);
}
