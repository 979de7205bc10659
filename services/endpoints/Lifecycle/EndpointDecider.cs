using Hypervize.Catalog;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using static Hypervize.EventSourcing.Decision<Hypervize.Contracts.EndpointEvent>;
using Decision = Hypervize.EventSourcing.Decision<Hypervize.Contracts.EndpointEvent>;

namespace Hypervize.Endpoints.Lifecycle;

/// <summary>What a command means for an endpoint as it stands. Pure: asked twice, it says nothing the second time.</summary>
public static class EndpointDecider
{
    /// <summary>Decides.</summary>
    /// <param name="id">The endpoint's id.</param>
    /// <param name="it">The endpoint; null when there is none of that id.</param>
    /// <param name="command">What is asked or reported.</param>
    /// <param name="catalog">Prices.</param>
    /// <param name="now">Now.</param>
    public static Decision Decide(string id, EndpointState? it, EndpointCommand command, HardwareCatalog catalog, DateTimeOffset now) => (it, command) switch
    {
        (null, Create create) => Say(new EndpointCreated(id, create.AccountId, create.Settings, create.Settings.Scaling.FirstNodes(), create.By, now, create.Plan)),
        ({ }, Create create) => Again(it, create),
        (null, RecordFact) => Nothing,
        (null, _) => Refuse(RefusalKind.NotFound, "endpoint_not_found", $"There is no endpoint {id}."),
        (_, RecordFact report) => Record(it, report.Fact, catalog),
        (_, Delete delete) => Delete(it, delete, now),
        ({ Status: EndpointStatus.Deleted }, _) => Refuse(RefusalKind.Gone, "endpoint_deleted", "This endpoint was deleted; its events can still be read. Create another."),
        (_, Update update) => Update(it, update, catalog, now),
        (_, Wake wake) => Wake(it, wake, now),
        (_, Hibernate hibernate) => Hibernate(it, hibernate, now),
        (_, Scale scale) => Scale(it, scale, now),
        (_, Disable disable) => Disable(it, disable, now),
        (_, Enable enable) => Enable(it, enable, now),
        _ => throw new InvalidOperationException($"{command.GetType().Name} has no decision."),
    };

    /// <summary>US dollars per hour of a node of an endpoint: as its quote locked it, else of the moment.</summary>
    /// <param name="it">The endpoint.</param>
    /// <param name="catalog">Prices.</param>
    /// <param name="at">When.</param>
    public static decimal PricePerHour(EndpointState it, HardwareCatalog catalog, DateTimeOffset at) => it.Plan?.PricePerHour ?? catalog.PricePerHour(it.Settings.Hardware, at);

    // The add-ons that settings ask for, with their prices.
    private static IReadOnlyList<AddOn> AddOns(EndpointState it, EndpointSettings settings, HardwareCatalog catalog, DateTimeOffset at) =>
        settings.Telemetry ? [new("telemetry", it.Plan?.TelemetryPerHour ?? catalog.AddOnPricePerHour("telemetry", at))] : [];

    // A repeated Idempotency-Key leads to the same id: the same wish is answered with what is there.
    private static Decision Again(EndpointState it, Create create)
    {
        var same = it.Plan is { } plan ? plan.Asked == create.Plan?.Asked : it.CreatedAs == create.Settings;
        if (it.AccountId != create.AccountId || !same)
            return Refuse(RefusalKind.Invalid, "idempotency_key_reused", "This Idempotency-Key was used with another body. Use a new key for a new endpoint.");
        return it.Status == EndpointStatus.Deleted
            ? Refuse(RefusalKind.Gone, "endpoint_deleted", "The endpoint that this Idempotency-Key created was deleted. Use a new key for a new endpoint.")
            : Nothing;
    }

    private static Decision Delete(EndpointState it, Delete delete, DateTimeOffset now) => it.Status == EndpointStatus.Deleted
        ? Nothing
        : Say([new EndpointDeleted(delete.By, now), .. DrainAll(it, "deleted", now)]);

    private static Decision Update(EndpointState it, Update update, HardwareCatalog catalog, DateTimeOffset now)
    {
        var settings = update.Of(it.Settings);
        if (settings == it.Settings) return Nothing;
        if (settings.Scaling.Min > settings.Scaling.Max)
            return Refuse(RefusalKind.Invalid, "invalid_request", $"scaling.min ({settings.Scaling.Min}) must not be above scaling.max ({settings.Scaling.Max}).", "scaling.min");

        EndpointEvent updated = new EndpointUpdated(settings, AddOns(it, settings, catalog, now), update.By, now);
        if (it.Status == EndpointStatus.Hibernated && settings.Scaling.Min > 0)
            return Say(updated, new EndpointWoken($"minimum raised to {settings.Scaling.Min}", settings.Scaling.Min, update.By, now));

        var wanted = Math.Clamp(it.Wanted, settings.Scaling.FirstNodes(), settings.Scaling.Max);
        return it.Status.IsLive() && wanted != it.Wanted
            ? Say([updated, .. ScaleTo(it, wanted, [], $"bounds changed to {settings.Scaling.Min}–{settings.Scaling.Max}", update.By, now)])
            : Say(updated);
    }

    private static Decision Wake(EndpointState it, Wake wake, DateTimeOffset now) => it.Status switch
    {
        EndpointStatus.Hibernated when IsStale(it, wake.DecidedOn) => Nothing,
        EndpointStatus.Hibernated => Say(new EndpointWoken(wake.Reason, it.Settings.Scaling.FirstNodes(), wake.By, now)),
        EndpointStatus.Building or EndpointStatus.Up or EndpointStatus.Waking => Nothing,
        EndpointStatus.Failed => Refuse(RefusalKind.Conflict, "endpoint_failed", $"It failed: {it.Failure?.Message} Mend the cause and enable it."),
        EndpointStatus.Disabled => Refuse(RefusalKind.Conflict, "endpoint_disabled", "It is switched off. Enable it."),
        EndpointStatus.Deleted => Nothing,
    };

    private static Decision Hibernate(EndpointState it, Hibernate hibernate, DateTimeOffset now)
    {
        if (it.Status == EndpointStatus.Hibernated) return Nothing;
        if (hibernate.DecidedOn is not null && (IsStale(it, hibernate.DecidedOn) || it.Status != EndpointStatus.Up || it.Settings.Scaling.Min > 0)) return Nothing;
        if (it.Settings.Scaling.Min > 0)
            return Refuse(RefusalKind.Conflict, "minimum_above_zero", $"It may not sleep: scaling.min is {it.Settings.Scaling.Min}. Set it to 0, or disable the endpoint.");
        return it.Status switch
        {
            EndpointStatus.Up or EndpointStatus.Waking => Say([new EndpointHibernated(hibernate.Reason, hibernate.By, now), .. DrainAll(it, "hibernated", now)]),
            EndpointStatus.Building => Refuse(RefusalKind.Conflict, "endpoint_building", "It is still building. Wait until it is up, or disable it."),
            EndpointStatus.Failed => Refuse(RefusalKind.Conflict, "endpoint_failed", "It failed and runs nothing already."),
            EndpointStatus.Disabled => Refuse(RefusalKind.Conflict, "endpoint_disabled", "It is switched off and runs nothing already."),
            EndpointStatus.Hibernated or EndpointStatus.Deleted => Nothing,
        };
    }

    private static Decision Scale(EndpointState it, Scale scale, DateTimeOffset now)
    {
        if (it.Status != EndpointStatus.Up || IsStale(it, scale.DecidedOn)) return Nothing;
        var wanted = Math.Clamp(scale.Wanted, it.Settings.Scaling.FirstNodes(), it.Settings.Scaling.Max);
        return wanted == it.Wanted ? Nothing : Say([.. ScaleTo(it, wanted, scale.Victims, scale.Reason, scale.By, now)]);
    }

    private static Decision Disable(EndpointState it, Disable disable, DateTimeOffset now) => it.Status == EndpointStatus.Disabled
        ? Nothing
        : Say([new EndpointDisabled(disable.By, now), .. DrainAll(it, "disabled", now)]);

    private static Decision Enable(EndpointState it, Enable enable, DateTimeOffset now) => it.Status switch
    {
        EndpointStatus.Disabled or EndpointStatus.Failed => Say(new EndpointEnabled(it.Settings.Scaling.FirstNodes(), enable.By, now)),
        EndpointStatus.Building or EndpointStatus.Up or EndpointStatus.Hibernated or EndpointStatus.Waking or EndpointStatus.Deleted => Nothing,
    };

    // The nodes of a state are those that have not ended, in every status: a fact about another one was told before.
    private static Decision Record(EndpointState it, CapacityEvent fact, HardwareCatalog catalog) => fact switch
    {
        NodeRequested requested when Node(it, requested.NodeId) is null => Requested(it, requested),
        NodeBecameReady ready when Node(it, ready.NodeId) is { Address: null } => Ready(it, ready, catalog),
        NodeFailed failed when Node(it, failed.NodeId) is not null => Failed(it, failed),
        NodeEnded ended when Node(it, ended.NodeId) is not null => Say(new NodeStopped(ended.NodeId, ended.At)),
        _ => Nothing,
    };

    private static Decision Requested(EndpointState it, NodeRequested requested)
    {
        EndpointEvent provisioning = new EndpointProvisioning(requested.NodeId, requested.Spec.Hardware, requested.Attempt, requested.At);
        return Kept(it) < it.Wanted ? Say(provisioning) : Say(provisioning, new NodeDraining(requested.NodeId, "not wanted any more", requested.At));
    }

    private static Decision Ready(EndpointState it, NodeBecameReady ready, HardwareCatalog catalog)
    {
        EndpointEvent serves = new NodeReady(
            ready.NodeId, ready.Address, it.Settings.Hardware, PricePerHour(it, catalog, ready.At), AddOns(it, it.Settings, catalog, ready.At),
            ready.SpawnedAt, ready.RuntimeReadyAt, ready.At, ready.Weights);
        var surplus = Kept(it) > it.Wanted && Node(it, ready.NodeId)!.Status != NodeStatus.Draining;
        return surplus ? Say(serves, new NodeDraining(ready.NodeId, "not wanted any more", ready.At)) : Say(serves);
    }

    private static Decision Failed(EndpointState it, NodeFailed failed)
    {
        EndpointEvent lost = new NodeLost(failed.NodeId, failed.Failure, failed.FailedStarts, failed.LastHealthyAt, failed.At);
        var givenUp = failed.FailedStarts >= EndpointLife.FailedStartsAllowed && it.Status.IsLive() && !it.Nodes.Any(n => n.Status == NodeStatus.Ready && n.Id != failed.NodeId);
        return givenUp
            ? Say([lost, new EndpointFailed(failed.Failure, failed.At), .. DrainAll(it, "failed", failed.At).Where(d => d.NodeId != failed.NodeId)])
            : Say(lost);
    }

    private static bool IsStale(EndpointState it, long? decidedOn) => decidedOn < it.DecisiveVersion;

    private static IEnumerable<EndpointEvent> ScaleTo(EndpointState it, int wanted, IReadOnlyList<string> victims, string reason, string by, DateTimeOffset now)
    {
        yield return new EndpointScaled(it.Wanted, wanted, reason, by, now);
        var leaving = it.Nodes.Where(n => n.Status != NodeStatus.Draining).Reverse()
            // Whom the caller names goes first; then those that do not serve yet; the newest before the oldest.
            .OrderBy(n => victims.Contains(n.Id) ? victims.ToList().IndexOf(n.Id) : int.MaxValue).ThenBy(n => n.Status == NodeStatus.Ready)
            .Take(Math.Max(0, Kept(it) - wanted));
        foreach (var node in leaving) yield return new NodeDraining(node.Id, $"scaled from {it.Wanted} to {wanted}", now);
    }

    private static IEnumerable<NodeDraining> DrainAll(EndpointState it, string reason, DateTimeOffset now) =>
        it.Nodes.Where(n => n.Status != NodeStatus.Draining).Select(n => new NodeDraining(n.Id, reason, now));

    private static int Kept(EndpointState it) => it.Nodes.Count(n => n.Status != NodeStatus.Draining);

    private static EndpointNode? Node(EndpointState it, string id) => it.Nodes.FirstOrDefault(n => n.Id == id);
}
