using Hypervize.Billing.Ledger;
using Hypervize.Contracts;
using Hypervize.EventSourcing;

namespace Hypervize.Architecture.Tests;

/// <summary>Stored names are wire format: a name here may be added to, never changed or taken away.</summary>
public sealed class StoredNames
{
    [Fact]
    public void Of_endpoints() => Frozen<EndpointEvent>(
        "endpoint_created", "endpoint_provisioning", "node_ready", "node_draining", "node_stopped", "node_lost", "endpoint_scaled", "endpoint_hibernated",
        "endpoint_woken", "endpoint_failed", "endpoint_disabled", "endpoint_enabled", "endpoint_updated", "endpoint_deleted");

    [Fact]
    public void Of_accounts() => Frozen<AccountEvent>("account_created", "key_issued", "key_limited", "key_revoked");

    [Fact]
    public void Of_capacity() => Frozen<CapacityEvent>(
        "capacity_asked", "node_requested", "node_started", "node_became_ready", "node_failed", "node_ending", "node_ended");

    [Fact]
    public void Of_ledgers() => Frozen<LedgerEvent>("meter_opened", "meter_closed");

    [Fact]
    public void Of_spending() => Frozen<SpendEvent>("spend_cap_set", "spend_cap_reached", "spend_cap_lifted");

    private static void Frozen<TEvent>(params string[] names) => Assert.Equal(names.Order(), EventLog.StoredNames(typeof(TEvent)).Select(n => n.Name).Order());
}
