using System.Diagnostics;
using Hypervize.Catalog;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Marten;
using Mediator;

namespace Hypervize.Endpoints.Lifecycle;

/// <summary>A command on its way to an endpoint: from a route or from a message, through the same pipeline.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="Command">The command.</param>
/// <param name="AccountId">Only if it belongs to this account; null for whom every account is open.</param>
/// <param name="IfMatch">Only at this stream version; null for any.</param>
/// <param name="Fact">Place of the reported fact in its feed; null for a command.</param>
/// <param name="Beside">What is written in the transaction of the decision, if it says something.</param>
public sealed record EndpointRequest(
    string EndpointId, EndpointCommand Command, string? AccountId = null, long? IfMatch = null, FactPlace? Fact = null, Action<IDocumentOperations>? Beside = null) : IRequest<Outcome<EndpointState>>;

/// <summary>Decides requests on endpoints' streams.</summary>
public sealed class EndpointRequestHandler(EventStreams<EndpointState, EndpointEvent> endpoints, HardwareCatalog catalog, TimeProvider time)
    : IRequestHandler<EndpointRequest, Outcome<EndpointState>>
{
    /// <inheritdoc/>
    public async ValueTask<Outcome<EndpointState>> Handle(EndpointRequest request, CancellationToken cancellationToken) =>
        await endpoints.DecideAsync(request.EndpointId, (state, version) => Decide(request, state, version), cancellationToken, request.Fact, request.Beside);

    private Decision<EndpointEvent> Decide(EndpointRequest request, EndpointState? state, long version)
    {
        if (state is not null && request.AccountId is { } account && state.AccountId != account) state = null;
        if (state is not null && request.IfMatch is { } expected && expected != version)
            return Decision<EndpointEvent>.Refuse(RefusalKind.Stale, "stale_version", $"It is at version {version}, not {expected}. Read it again and repeat the change.");
        return EndpointDecider.Decide(request.EndpointId, state, request.Command, catalog, Now());
    }

    // PostgreSQL compares times by the microsecond; a page of a list must end and begin at the very same one.
    private DateTimeOffset Now()
    {
        var now = time.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}

/// <summary>Registers the pipeline of requests.</summary>
public static class RequestPipeline
{
    /// <summary>Adds what every request passes, outermost first.</summary>
    /// <param name="services">The service's container.</param>
    public static void AddRequestPipeline(this IServiceCollection services) => services
        .AddSingleton<IPipelineBehavior<EndpointRequest, Outcome<EndpointState>>, TracedRequests>()
        .AddSingleton<IPipelineBehavior<EndpointRequest, Outcome<EndpointState>>, ContendedRequests>()
        .AddSingleton<IPipelineBehavior<EndpointRequest, Outcome<EndpointState>>, ValidRequests>();
}

/// <summary>Traces every command with its outcome.</summary>
public sealed class TracedRequests : IPipelineBehavior<EndpointRequest, Outcome<EndpointState>>
{
    private static readonly ActivitySource Source = new("Hypervize.Endpoints");

    /// <inheritdoc/>
    public async ValueTask<Outcome<EndpointState>> Handle(
        EndpointRequest message, MessageHandlerDelegate<EndpointRequest, Outcome<EndpointState>> next, CancellationToken cancellationToken)
    {
        using var activity = Source.StartActivity($"decide {message.Command.GetType().Name}");
        activity?.SetTag("endpoint.id", message.EndpointId);
        var outcome = await next(message, cancellationToken);
        activity?.SetTag("endpoint.refusal", outcome.Refusal?.Code).SetTag("endpoint.version", outcome.Version);
        return outcome;
    }
}

/// <summary>Turns away what can't be an endpoint's id before a database is asked.</summary>
public sealed class ValidRequests : IPipelineBehavior<EndpointRequest, Outcome<EndpointState>>
{
    /// <inheritdoc/>
    public ValueTask<Outcome<EndpointState>> Handle(
        EndpointRequest message, MessageHandlerDelegate<EndpointRequest, Outcome<EndpointState>> next, CancellationToken cancellationToken) =>
        EndpointId.IsWellFormed(message.EndpointId)
            ? next(message, cancellationToken)
            : new(new Outcome<EndpointState>(null, 0, new(RefusalKind.NotFound, "endpoint_not_found", "There is no such endpoint: an id is endpt- and 12 hex digits."), Changed: false));
}

/// <summary>Answers a stream that kept changing under every try with a refusal: the caller may simply repeat.</summary>
public sealed class ContendedRequests : IPipelineBehavior<EndpointRequest, Outcome<EndpointState>>
{
    /// <inheritdoc/>
    public async ValueTask<Outcome<EndpointState>> Handle(
        EndpointRequest message, MessageHandlerDelegate<EndpointRequest, Outcome<EndpointState>> next, CancellationToken cancellationToken)
    {
        try
        {
            return await next(message, cancellationToken);
        }
        catch (StreamContentionException e) when (message.Fact is null) // A fact is never refused: the bus brings it again.
        {
            return new(null, 0, new(RefusalKind.Conflict, "endpoint_busy", e.Message), Changed: false);
        }
    }
}
