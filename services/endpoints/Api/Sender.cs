using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Marten;
using IMediator = Mediator.IMediator;

namespace Hypervize.Endpoints.Api;

/// <summary>Sends a caller's command to an endpoint and answers with what became of it.</summary>
public sealed class Sender(IMediator mediator, EndpointResources resources)
{
    /// <summary>Creates an endpoint; repeated with the same id, answers with the one that is there.</summary>
    /// <param name="http">The request.</param>
    /// <param name="id">The endpoint's id.</param>
    /// <param name="create">The command.</param>
    /// <param name="beside">What is written with the creation, and only with it.</param>
    public async Task<IResult> CreateAsync(HttpContext http, string id, Create create, Action<IDocumentOperations>? beside = null)
    {
        var answer = Answer(http, await mediator.Send(new EndpointRequest(id, create, Beside: beside), http.RequestAborted), StatusCodes.Status202Accepted);
        if (http.Response.Headers.ETag.Count > 0) http.Response.Headers.Location = $"/v1/endpoints/{id}";
        return answer;
    }

    /// <summary>Sends a command, honouring <c>If-Match</c> and whose endpoint it is.</summary>
    /// <param name="http">The request.</param>
    /// <param name="id">The endpoint.</param>
    /// <param name="command">The command, given who asks.</param>
    /// <param name="status">HTTP status when it is done.</param>
    /// <param name="beside">What is written with the decision, if it says something.</param>
    public async Task<IResult> SendAsync(
        HttpContext http, string id, Func<string, EndpointCommand> command, int status = StatusCodes.Status202Accepted, Action<IDocumentOperations>? beside = null)
    {
        var caller = Caller.From(http.User);
        if (!TryIfMatch(http.Request, out var ifMatch))
            return Problems.From(StatusCodes.Status412PreconditionFailed, "stale_version", "If-Match must be the ETag that an earlier answer gave.");
        var request = new EndpointRequest(id, command(caller.Name), caller.IsOperator ? null : caller.AccountId, ifMatch, Beside: beside);
        return Answer(http, await mediator.Send(request, http.RequestAborted), status);
    }

    private IResult Answer(HttpContext http, Outcome<EndpointState> outcome, int status)
    {
        if (outcome.Refusal is { } refusal) return Problems.From(refusal);
        http.Response.Headers.ETag = EndpointRoutes.ETag(outcome.Version);
        Wrote.Note(http.Response, outcome.State!.Id, outcome.Version);
        return Results.Json(resources.Of(outcome.State!, outcome.Version), statusCode: status);
    }

    private static bool TryIfMatch(HttpRequest request, out long? version)
    {
        string? tag = request.Headers.IfMatch;
        version = tag is null or "*" ? null : long.TryParse(tag.Trim('"'), out var parsed) ? parsed : -1;
        return version != -1;
    }
}
