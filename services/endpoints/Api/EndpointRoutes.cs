using System.Globalization;
using System.Security.Claims;
using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.Endpoints.Secrets;
using Hypervize.Endpoints.Sizing;
using Hypervize.Endpoints.Watching;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Hypervize.Hosting.Requests;
using Hypervize.Sizing.Running;
using Marten;

namespace Hypervize.Endpoints.Api;

/// <summary>Routes under <c>/v1/endpoints</c>.</summary>
public static class EndpointRoutes
{
    private const int MostOfAPage = 200;
    private const int LongestIdempotencyKey = 255;

    /// <summary>Maps the routes.</summary>
    /// <param name="app">The service.</param>
    public static void MapEndpoints(this WebApplication app)
    {
        var endpoints = app.MapGroup("/v1/endpoints").RequireScope(KeyScope.Manage).WithTags("Endpoints");
        endpoints.MapPost("", CreateAsync).Creates().Describe("Create an endpoint", "createEndpoint");
        endpoints.MapGet("", ListAsync).Answers<EndpointPage>(200).Refuses(422, "invalid_request").Refuses(429, "too_many_watchers")
            .Describe("List endpoints; with Accept: text/event-stream, watch them", "listEndpoints");
        endpoints.MapGet("/{id}", GetAsync).Honours("If-None-Match", "The ETag of what you have: answered with 304 when it is the same.")
            .Answers<EndpointResource>(200).Answers(304).Refuses(404, "endpoint_not_found").Refuses(410, "endpoint_deleted").Describe("Read an endpoint", "getEndpoint");
        endpoints.MapPatch("/{id}", PatchAsync).Takes(EndpointFields.Patch, change: true).Commands(200).Describe("Change an endpoint's settings", "updateEndpoint");
        endpoints.MapDelete("/{id}", DeleteAsync).Commands(202).Describe("Delete an endpoint, for good", "deleteEndpoint");
        endpoints.MapPost("/{id}/wake", (HttpContext c, string id, Sender s) => s.SendAsync(c, id, by => new Wake("asked for", by, null)))
            .Commands(202).Refuses(409, "endpoint_failed", "endpoint_disabled").Describe("Wake it", "wakeEndpoint");
        endpoints.MapPost("/{id}/hibernate", (HttpContext c, string id, Sender s) => s.SendAsync(c, id, by => new Hibernate("asked for", by, null)))
            .Commands(202).Refuses(409, "minimum_above_zero", "endpoint_building", "endpoint_failed", "endpoint_disabled").Describe("Put it to sleep", "hibernateEndpoint");
        endpoints.MapPost("/{id}/disable", (HttpContext c, string id, Sender s) => s.SendAsync(c, id, by => new Disable(by))).Commands(202).Describe("Switch it off", "disableEndpoint");
        endpoints.MapPost("/{id}/enable", (HttpContext c, string id, Sender s) => s.SendAsync(c, id, by => new Enable(by))).Commands(202).Describe("Switch it on, also after it failed", "enableEndpoint");
        endpoints.MapGet("/{id}/events", EventsAsync).Answers<TimelinePage>(200).Refuses(404, "endpoint_not_found").Refuses(422, "invalid_request").Describe("Its timeline, with causes", "listEndpointEvents");

        app.MapPost("/api/provision", CreateAsync).RequireScope(KeyScope.Manage).WithTags("Endpoints").Creates().Describe("Create an endpoint: an alias of POST /v1/endpoints", "provision");
    }

    private static RouteHandlerBuilder Creates(this RouteHandlerBuilder route) => route.Takes(EndpointFields.Create)
        .Honours("Idempotency-Key", "Repeated with the same body, the same endpoint is answered; at most 255 characters.")
        .Answers<EndpointResource>(202).Refuses(410, "endpoint_deleted").Refuses(422, "idempotency_key_reused", "quote_not_found", "quote_expired").RefusesModels();

    private static RouteHandlerBuilder Commands(this RouteHandlerBuilder route, int status) => route
        .Honours("If-Match", "The ETag of the state that this rests on; without it the last one wins.").Answers<EndpointResource>(status)
        .Refuses(404, "endpoint_not_found").Refuses(409, "endpoint_busy").Refuses(410, "endpoint_deleted").Refuses(412, "stale_version");

    private static async Task<IResult> CreateAsync(HttpContext http, Sender sender, Planning planning, EndpointSecrets secrets, EventStreams<EndpointState, EndpointEvent> endpoints)
    {
        var (reader, refused) = await RequestReader.ReadAsync(http.Request, EndpointFields.Create, defaults: true);
        if (reader is null) return refused!;
        var (wish, token) = (Wish(reader), reader.Text(EndpointFields.HuggingFaceToken));
        string? key = http.Request.Headers["Idempotency-Key"];
        if (key is { Length: 0 or > LongestIdempotencyKey }) reader.Wrong("Idempotency-Key", $"must have 1 to {LongestIdempotencyKey} characters");
        if (wish is null || reader.Refusal() is not null) return reader.Refusal()!;

        var caller = Caller.From(http.User);
        var id = key is null ? EndpointId.New() : EndpointId.For(caller.AccountId!, key);
        // What was created before is answered as it is, whatever has become of its model and of prices since.
        if (key is not null && await endpoints.LoadAsync(id, http.RequestAborted) is ({ } before, _))
            return await sender.CreateAsync(http, id, wish.Again(caller.AccountId!, before, caller.Name));
        var plan = await planning.PlanAsync(wish, token, caller, http.RequestAborted);
        if (plan.Refusal is { } refusal) return ModelProblems.From(refusal);
        return await sender.CreateAsync(http, id, plan.Value!, token is null ? null : secrets.Storing(id, token));
    }

    private static Wish? Wish(RequestReader reader)
    {
        var (name, model, hardware, runtime) = (reader.Text(EndpointFields.Name), reader.Text(EndpointFields.Model), reader.Choice(EndpointFields.Hardware), reader.Choice(EndpointFields.Runtime));
        var (quote, context, quantization) = (reader.Text(EndpointFields.Quote), reader.Number(EndpointFields.Context), reader.Text(EndpointFields.Quantization));
        var (min, max) = (reader.Number(EndpointFields.Min), reader.Number(EndpointFields.Max));
        var (idle, concurrency, hold) = (reader.Number(EndpointFields.IdleSeconds), reader.Number(EndpointFields.Concurrency), reader.Number(EndpointFields.HoldSeconds));
        var (access, telemetry, perMinute) = (reader.Choice(EndpointFields.Access), reader.Flag(EndpointFields.Telemetry), reader.Number(EndpointFields.RequestsPerMinute));
        var (limits, tuning) = (EndpointFields.Limits.Read(reader), EndpointFields.Tuning.Read(reader));
        var (trusted, arguments) = (reader.Flag(EndpointFields.TrustRemoteCode), reader.List(EndpointFields.Arguments));
        var sampling = new Sampling(
            reader.Fraction(EndpointFields.Temperature), reader.Fraction(EndpointFields.TopP), reader.Number(EndpointFields.TopK), reader.Number(EndpointFields.MaxTokens), reader.Fraction(EndpointFields.RepetitionPenalty));
        foreach (var error in arguments.Select(a => runtime is null ? null : Tuning.Error(runtime, a)).OfType<string>()) reader.Wrong(EndpointFields.Arguments.Path, error);
        if (min > max) reader.Wrong(EndpointFields.Min.Path, $"must not be above scaling.max ({max})");
        if (model is null && quote is null) reader.Wrong(EndpointFields.Model.Path, "must be given, or a quote that says it");
        if (quote is not null)
            foreach (var said in ((Field, object?)[])[(EndpointFields.Model, model), (EndpointFields.Hardware, hardware), (EndpointFields.Context, context), (EndpointFields.Quantization, quantization)])
                if (said.Item2 is not null) reader.Wrong(said.Item1.Path, "is said by the quote; leave it out");
        if (runtime is "command" && hardware is null) reader.Wrong(EndpointFields.Hardware.Path, $"must be {EndpointFields.Local} for {runtime}");
        if (runtime is not (null or EndpointFields.Simulator) && hardware is not (null or EndpointFields.Local))
            reader.Wrong(EndpointFields.Hardware.Path, $"must be {EndpointFields.Local} for {runtime}, which runs on this installation's own machines; only the simulator stands for other hardware");
        return reader.Refusal() is null
            ? new(name!, model, quote, context, quantization, trusted!.Value, arguments, sampling, hardware, runtime!, new(min!.Value, max!.Value, idle!.Value, concurrency!.Value, perMinute, tuning), hold!.Value, EndpointFields.ToAccess(access!), telemetry!.Value, limits)
            : null;
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, IQuerySession session, EndpointResources resources, EndpointWatch watch, string? account, string? status, string? name, string? model, string? cursor, int limit = 50)
    {
        var caller = Caller.From(http.User);
        var owner = caller.IsOperator ? account : caller.AccountId;
        if (EndpointWatch.IsAskedFor(http.Request))
            return (status ?? name ?? model ?? cursor) is null
                ? await watch.AnswerAsync(http, owner)
                : Problems.From(422, "invalid_request", "A stream tells of all endpoints: leave out status, name, model and cursor.");
        EndpointStatus? wanted = null;
        if (status is not null)
        {
            if (!Enum.TryParse<EndpointStatus>(status, ignoreCase: true, out var parsed) || parsed == EndpointStatus.Deleted || !Enum.IsDefined(parsed))
                return Problems.From(422, "invalid_request", "status must be building, up, hibernated, waking, failed or disabled.");
            wanted = parsed;
        }
        if (limit is < 1 or > MostOfAPage) return Problems.From(422, "invalid_request", $"limit must lie between 1 and {MostOfAPage}.");
        if (Cursor.Parse(cursor) is not { } after) return Problems.From(422, "invalid_request", "cursor must be one that an earlier page gave.");

        var query = session.Query<Snapshot<EndpointState>>().Where(s => s.State.Status != EndpointStatus.Deleted);
        if (owner is not null) query = query.Where(s => s.State.AccountId == owner);
        if (wanted is not null) query = query.Where(s => s.State.Status == wanted);
        if (name is not null) query = query.Where(s => s.State.Settings.Name.Contains(name, StringComparison.OrdinalIgnoreCase));
        if (model is not null) query = query.Where(s => s.State.Settings.Model == model);
        if (after.Id.Length > 0) query = query.Where(s => s.State.CreatedAt > after.CreatedAt || (s.State.CreatedAt == after.CreatedAt && s.Id.CompareTo(after.Id) > 0));

        var found = await query.OrderBy(s => s.State.CreatedAt).ThenBy(s => s.Id).Take(limit + 1).ToListAsync(http.RequestAborted);
        var page = found.Take(limit).ToList();
        return Results.Ok(new EndpointPage(
            [.. page.Select(s => resources.Of(s.State, s.Version))], found.Count > limit ? new Cursor(page[^1].State.CreatedAt, page[^1].Id).ToString() : null));
    }

    private static async Task<IResult> GetAsync(HttpContext http, string id, EventStreams<EndpointState, EndpointEvent> endpoints, EndpointResources resources)
    {
        var (state, version) = EndpointId.IsWellFormed(id) ? await endpoints.LoadAsync(id, http.RequestAborted) : default;
        if (NotFor(http.User, id, state) is { } refused) return refused;
        var tag = ETag(version);
        if (http.Request.Headers.IfNoneMatch == tag) return Results.StatusCode(StatusCodes.Status304NotModified);
        http.Response.Headers.ETag = tag;
        return Results.Ok(resources.Of(state!, version));
    }

    private static async Task<IResult> PatchAsync(HttpContext http, string id, Sender sender)
    {
        var (reader, refused) = await RequestReader.ReadAsync(http.Request, EndpointFields.Patch, defaults: false, EndpointFields.Create);
        if (reader is null) return refused!;
        var (access, limits, perMinute) = (reader.Choice(EndpointFields.Access), EndpointFields.Limits.Read(reader), reader.Number(EndpointFields.RequestsPerMinute));
        var tuning = EndpointFields.Tuning.Read(reader);
        var update = new Update(
            reader.Text(EndpointFields.Name), reader.Number(EndpointFields.Min), reader.Number(EndpointFields.Max), reader.Number(EndpointFields.IdleSeconds),
            reader.Number(EndpointFields.Concurrency), reader.Number(EndpointFields.HoldSeconds), access is null ? null : EndpointFields.ToAccess(access),
            reader.Flag(EndpointFields.Telemetry), Caller.From(http.User).Name,
            reader.Has(EndpointFields.Limits.Whole) ? new(limits) : null, reader.Has(EndpointFields.RequestsPerMinute) ? new(perMinute) : null,
            reader.Has(EndpointFields.Tuning.Whole) ? new(tuning) : null);
        if (update is { Min: { } min, Max: { } max } && min > max) reader.Wrong(EndpointFields.Min.Path, $"must not be above scaling.max ({max})");
        return reader.Refusal() ?? await sender.SendAsync(http, id, _ => update, StatusCodes.Status200OK);
    }

    private static Task<IResult> DeleteAsync(HttpContext http, string id, Sender sender) =>
        sender.SendAsync(http, id, by => new Delete(by), beside: EndpointSecrets.Destroying(id));

    private static async Task<IResult> EventsAsync(
        HttpContext http, string id, EventStreams<EndpointState, EndpointEvent> endpoints, IQuerySession session, long after = 0, int limit = 100)
    {
        if (limit is < 1 or > MostOfAPage || after < 0) return Problems.From(422, "invalid_request", $"limit must lie between 1 and {MostOfAPage}, and after must not be negative.");
        var (state, version) = EndpointId.IsWellFormed(id) ? await endpoints.LoadAsync(id, http.RequestAborted) : default;
        if (NotFor(http.User, id, state, deletedToo: true) is { } refused) return refused;
        var events = await session.Events.FetchStreamAsync(id, version: after + limit, fromVersion: after + 1, token: http.RequestAborted);
        return Results.Ok(new TimelinePage(
            [.. events.Select(e => Timeline.Entry(e.Version, (EndpointEvent)e.Data))], events.Count > 0 && events[^1].Version < version ? events[^1].Version : null));
    }

    private static IResult? NotFor(ClaimsPrincipal user, string id, EndpointState? state, bool deletedToo = false)
    {
        var caller = Caller.From(user);
        if (state is null || (!caller.IsOperator && state.AccountId != caller.AccountId))
            return Problems.From(StatusCodes.Status404NotFound, "endpoint_not_found", $"There is no endpoint {id}.");
        return state.Status == EndpointStatus.Deleted && !deletedToo
            ? Problems.From(StatusCodes.Status410Gone, "endpoint_deleted", $"Endpoint {id} was deleted; its events can still be read.")
            : null;
    }

    internal static string ETag(long version) => $"\"{version.ToString(CultureInfo.InvariantCulture)}\"";
}
