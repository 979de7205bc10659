using System.Globalization;
using Hypervize.Contracts;
using Hypervize.EventSourcing;

namespace Hypervize.Endpoints.Api;

/// <summary>Tells facts in sentences, with their causes.</summary>
public static class Timeline
{
    private static readonly Dictionary<Type, string> Names = EventLog.StoredNames(typeof(EndpointEvent)).ToDictionary(n => n.Type, n => n.Name);

    /// <summary>The entry of a fact.</summary>
    /// <param name="version">Version of the stream.</param>
    /// <param name="fact">The fact.</param>
    public static TimelineEntry Entry(long version, EndpointEvent fact) => new(version, fact.At, Names[fact.GetType()], Summary(fact), fact);

    private static string Summary(EndpointEvent fact) => fact switch
    {
        EndpointCreated e => $"Created by {e.By}: {e.Settings.Model} on {e.Settings.Hardware}, {e.Wanted} node{S(e.Wanted)} to begin with{Locked(e.Plan)}.",
        EndpointProvisioning e => e.Attempt == 1 ? $"Starting {e.NodeId} on {e.Hardware}." : $"Starting {e.NodeId} on {e.Hardware}, attempt {e.Attempt}.",
        NodeReady e => $"{e.NodeId} is ready, {(e.At - e.SpawnedAt).TotalSeconds:0.0} s after its start{Weights(e.Weights)}; metered at {e.PricePerHour} USD/h{AddOns(e.AddOns)}.",
        NodeDraining e => $"{e.NodeId} takes no new requests: {e.Reason}.",
        NodeStopped e => $"{e.NodeId} stopped.",
        NodeLost e when e.FailedStarts > 0 => $"{e.NodeId} did not start ({e.FailedStarts} in a row): {e.Failure.Message}",
        NodeLost e => $"{e.NodeId} was lost: {e.Failure.Message}",
        EndpointScaled e => $"Scaled from {e.From} to {e.To} by {e.By}: {e.Reason}.",
        EndpointHibernated e => $"Sleeps now, by {e.By}: {e.Reason}.",
        EndpointWoken e => $"Wakes, by {e.By}: {e.Reason}.",
        EndpointFailed e => $"Failed: {e.Failure.Message}",
        EndpointDisabled e => $"Switched off by {e.By}.",
        EndpointEnabled e => $"Switched on by {e.By}: {e.Wanted} node{S(e.Wanted)} to begin with.",
        EndpointUpdated e => $"Settings changed by {e.By}.",
        EndpointDeleted e => $"Deleted by {e.By}.",
        _ => throw new InvalidOperationException($"{fact.GetType().Name} has no sentence."),
    };

    private static string S(int count) => count == 1 ? "" : "s";

    private static string Locked(EndpointPlan? plan) => plan is { PricePerHour: { } price, QuoteId: { } quote } ? $", at {price} USD/h a node as {quote} has it" : "";

    private static string Weights(WeightLoad? load) => load is null ? "" : string.Create(
        CultureInfo.InvariantCulture, $", its {load.Bytes / 1e9:0.0##} GB of weights {(load.WasCached ? "from the warm cache" : "fetched before")}");

    private static string AddOns(IReadOnlyList<AddOn> addOns) => string.Concat(addOns.Select(a => $" + {a.Id} {a.PricePerHour} USD/h"));
}
