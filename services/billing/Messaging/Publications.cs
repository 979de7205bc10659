using Hypervize.Billing.Spending;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using JasperFx.Events;

namespace Hypervize.Billing.Messaging;

/// <summary>What this service publishes of its log: every fact about spending, with the state after it. Ledgers are nobody else's business.</summary>
public static class Publications
{
    /// <summary>Registers the publications.</summary>
    /// <param name="publish">The composer of messages.</param>
    public static MessageComposer All(MessageComposer publish) => publish.Publish(
        SpendLife.Fold, (IEvent stored, SpendEvent fact, SpendState state) => new SpendChanged(state.AccountId, stored.Version, stored.Sequence, stored.Id, fact, state));
}
