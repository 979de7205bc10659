using System.Diagnostics;
using System.Security.Cryptography;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Hypervize.Provisioner.Capacity;
using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Messaging;
using Hypervize.Provisioner.Weights;

namespace Hypervize.Provisioner.Reconciling;

/// <summary>Looks at one endpoint's capacity and does what is to do. It can be killed at any line: the next look finds what is there.</summary>
/// <param name="streams">The capacity streams.</param>
/// <param name="capacities">Reads traces.</param>
/// <param name="nodes">The nodes of this machine.</param>
/// <param name="weights">Has weights ready.</param>
/// <param name="proxies">What proxies say.</param>
/// <param name="clients">Clients of services.</param>
/// <param name="settings">How long things may take.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class CapacityUpkeep(
    EventStreams<CapacityState, CapacityEvent> streams, CapacityLog capacities, LocalNodes nodes, WeightLoads weights, ProxyReports proxies, IHttpClientFactory clients, CapacitySettings settings,
    TimeProvider time, ILogger<CapacityUpkeep> log)
{
    /// <summary>Source of its activities.</summary>
    public static readonly ActivitySource Source = new("Hypervize.Provisioner");

    private readonly Patience _patience = settings.Patience;

    /// <summary>Does what is to do for an endpoint.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>When to look again, if nothing is heard before.</returns>
    public async Task<DateTimeOffset?> LookAsync(string endpointId, CancellationToken cancel)
    {
        while (true)
        {
            var seen = nodes.Of(endpointId).ToDictionary(n => n.Manifest.NodeId, n => n.Seen);
            var (state, _) = await streams.LoadAsync(CapacityState.Key(endpointId), cancel);
            foreach (var node in state?.Nodes.Where(n => n is { Phase: NodePhase.Ready, Release: not null }) ?? []) nodes.Find(node.Id)?.CountRequests();

            if (state?.Nodes.Any(n => n is { Phase: NodePhase.Requested, Release: null }) is not true) weights.Leave(endpointId);

            var plan = NextAction.For(endpointId, state, seen, proxies.View, _patience, time.GetUtcNow());
            var changed = false;
            foreach (var action in plan.Actions) changed |= await DoAsync(endpointId, state, action, cancel);
            if (!changed) return plan.LookAgainAt;
        }
    }

    private async Task<bool> DoAsync(string endpointId, CapacityState? state, CapacityAction action, CancellationToken cancel)
    {
        switch (action)
        {
            case RequestNode:
                return await RequestAsync(endpointId, state!, cancel);
            case SpawnNode spawn:
                return await SpawnAsync(endpointId, spawn.Node, cancel);
            case RecordStart(var seen):
                return await RecordAsync(endpointId, seen.NodeId, s => CapacityDecider.Started(s, seen.NodeId, seen.Address, seen.SpawnedAt), cancel);
            case RecordReady(var seen):
                log.LogInformation("{NodeId} of {EndpointId} is ready at {Address}", seen.NodeId, endpointId, seen.Address);
                var ready = new NodeBecameReady(seen.NodeId, seen.Address, seen.SpawnedAt, seen.RuntimeReadyAt, seen.ReadyAt!.Value, nodes.Find(seen.NodeId)?.Manifest.Weights);
                return await RecordAsync(endpointId, seen.NodeId, s => CapacityDecider.BecameReady(s, ready), cancel);
            case RecordFailure failed:
                var failure = new Failure(failed.Code, failed.Message, nodes.Find(failed.NodeId)?.Folder.Output.LastWords());
                return await FailAsync(endpointId, failed.NodeId, failure, failed.LastHealthyAt, cancel);
            case BeginEnd(var nodeId, var reason):
                log.LogInformation("Stopping {NodeId} of {EndpointId}: {Reason}", nodeId, endpointId, reason);
                return await RecordAsync(endpointId, nodeId, s => CapacityDecider.End(s, nodeId, reason, time.GetUtcNow()), cancel);
            case Terminate(var nodeId):
                nodes.Find(nodeId)?.Terminate();
                return true;
            case Kill(var nodeId):
                nodes.Find(nodeId)?.Kill();
                return false;
            case RecordEnd(var nodeId, var at):
                return await RecordAsync(endpointId, nodeId, s => CapacityDecider.Ended(s, nodeId, at ?? time.GetUtcNow()), cancel);
            default:
                throw new UnreachableException($"Nobody knows how to {action.GetType().Name}.");
        }
    }

    private async Task<bool> RequestAsync(string endpointId, CapacityState state, CancellationToken cancel)
    {
        var nodeId = $"node-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}";
        using var activity = Source.StartActivity("request node", ActivityKind.Internal, await TraceAsync(endpointId, state.AskedAtVersion, cancel));
        activity?.SetTag("endpoint.id", endpointId).SetTag("node.id", nodeId);
        var outcome = await streams.DecideAsync(CapacityState.Key(endpointId), (s, _) => CapacityDecider.Request(s, nodeId, time.GetUtcNow()), cancel);
        return outcome.Changed;
    }

    private async Task<bool> SpawnAsync(string endpointId, CapacityNode node, CancellationToken cancel)
    {
        Activity? activity = null;
        try
        {
            var secrets = await SecretsAsync(endpointId, node, cancel);
            if (await weights.OfAsync(endpointId, node, secrets.HuggingFaceToken, cancel) is not { } files) return false; // On their way: it is looked at again when they are there.
            activity = Source.StartActivity("spawn node", ActivityKind.Internal, await TraceAsync(endpointId, node.RequestedAtVersion, cancel));
            activity?.SetTag("endpoint.id", endpointId).SetTag("node.id", node.Id).SetTag("runtime", node.Spec.Runtime);
            await nodes.SpawnAsync(endpointId, node, files, secrets, activity?.Id, cancel);
        }
        catch (CannotStartException e)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            await FailAsync(endpointId, node.Id, e.Failure, null, cancel);
        }
        finally
        {
            activity?.Dispose();
        }
        return true;
    }

    // Asked for at each start and kept nowhere: while their keeper is away, the node is started later.
    private async Task<NodeSecrets> SecretsAsync(string endpointId, CapacityNode node, CancellationToken cancel)
    {
        if (!node.Spec.HasSecrets) return new(HuggingFaceToken: null);
        using var endpoints = clients.CreateClient(EndpointsLook.ClientName);
        return await endpoints.GetFromJsonAsync<NodeSecrets>($"internal/endpoints/{endpointId}/secrets", Json.Options, cancel) ?? new(HuggingFaceToken: null);
    }

    // Recorded first: when the provisioner dies in between, what is left is claimed by nobody, and swept.
    private async Task<bool> FailAsync(string endpointId, string nodeId, Failure failure, DateTimeOffset? lastHealthyAt, CancellationToken cancel)
    {
        log.LogWarning("{NodeId} of {EndpointId} failed: {Reason}", nodeId, endpointId, failure.Message);
        var changed = await RecordAsync(endpointId, nodeId, s => CapacityDecider.Failed(s, nodeId, failure, lastHealthyAt, time.GetUtcNow()), cancel);
        if (changed) nodes.Find(nodeId)?.Kill();
        return changed;
    }

    private async Task<bool> RecordAsync(string endpointId, string nodeId, Func<CapacityState?, Decision<CapacityEvent>> decide, CancellationToken cancel)
    {
        using var activity = nodes.Find(nodeId)?.Manifest.TraceParent is { } trace ? Source.StartActivity("record node", ActivityKind.Internal, trace) : null;
        var outcome = await streams.DecideAsync(CapacityState.Key(endpointId), (s, _) => decide(s), cancel);
        activity?.SetTag("endpoint.id", endpointId).SetTag("node.id", nodeId);
        return outcome.Changed;
    }

    private async Task<string?> TraceAsync(string endpointId, long version, CancellationToken cancel) =>
        Source.HasListeners() ? await capacities.TraceAsync(endpointId, version, cancel) : null;
}
