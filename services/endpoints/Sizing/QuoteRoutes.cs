using System.Security.Cryptography;
using Hypervize.Catalog;
using Hypervize.Contracts;
using Hypervize.Endpoints.Api;
using Hypervize.Hosting;
using Hypervize.Hosting.Requests;
using Hypervize.Sizing;
using Hypervize.Sizing.Fit;
using Hypervize.Sizing.Quotes;
using Marten;

namespace Hypervize.Endpoints.Sizing;

/// <summary>Routes under <c>/v1/quotes</c>.</summary>
public static class QuoteRoutes
{
    /// <summary>How long a quote can be created by.</summary>
    public static readonly TimeSpan Holds = TimeSpan.FromHours(1);

    // A quote that ran out is told apart from one that never was, for so long.
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    /// <summary>Maps the routes.</summary>
    /// <param name="app">The service.</param>
    public static void MapQuotes(this WebApplication app)
    {
        var quotes = app.MapGroup("/v1/quotes").RequireScope(KeyScope.Manage).WithTags("Quotes");
        quotes.MapPost("", CreateAsync).Takes(EndpointFields.ForQuote).Answers<Quote>(201).RefusesModels().Describe("Quote a model: what it needs, what it fits on, what that costs", "createQuote");
        quotes.MapGet("/{id}", GetAsync).Answers<Quote>(200).Refuses(404, "quote_not_found").Describe("Read a quote", "getQuote");
    }

    private static async Task<IResult> CreateAsync(HttpContext http, ModelReader models, HardwareCatalog catalog, IDocumentStore store, TimeProvider time)
    {
        var (reader, refused) = await RequestReader.ReadAsync(http.Request, EndpointFields.ForQuote, defaults: true);
        if (reader is null) return refused!;
        var model = reader.Text(EndpointFields.QuotedModel);
        var token = reader.Text(EndpointFields.HuggingFaceToken);
        var ask = new Ask(reader.Number(EndpointFields.Context), reader.Number(EndpointFields.Sequences) ?? 1, reader.Text(EndpointFields.Quantization));
        var (hardware, min, max) = (reader.Choice(EndpointFields.Hardware), reader.Number(EndpointFields.Min), reader.Number(EndpointFields.Max));
        if (min > max) reader.Wrong(EndpointFields.Min.Path, $"must not be above scaling.max ({max})");
        IReadOnlyList<string> addOns = [.. new[] { (EndpointFields.Telemetry, "telemetry"), (EndpointFields.CustomDomain, "custom_domain") }.Where(a => reader.Flag(a.Item1) is true).Select(a => a.Item2)];
        if (reader.Refusal() is { } wrong) return wrong;
        if (Planning.NotForThem(model!, Caller.From(http.User)) is { } theirs) return ModelProblems.From(theirs);

        var analysis = await models.AnalyseAsync(model!, token, ask.Quantization, http.RequestAborted);
        if (analysis.Value is not { } read) return ModelProblems.From(ModelProblems.Of(analysis.Refusal!));
        var (now, request) = (time.GetUtcNow(), new QuoteRequest(model!, ask, hardware, min!.Value, max!.Value, addOns));
        var quoted = Quoting.Of(read, request, catalog.All, catalog, now);
        if (quoted.Value is not { } quote) return ModelProblems.From(ModelProblems.Of(quoted.Refusal!));
        var kept = await KeepAsync(store, Caller.From(http.User).AccountId!, request, quote, now, http.RequestAborted);
        return Results.Created($"/v1/quotes/{kept.Id}", kept);
    }

    private static async Task<IResult> GetAsync(HttpContext http, string id, IQuerySession session)
    {
        var (caller, stored) = (Caller.From(http.User), await session.LoadAsync<StoredQuote>(id, http.RequestAborted));
        return stored is not null && (caller.IsOperator || stored.AccountId == caller.AccountId)
            ? Results.Ok(stored.Quote)
            : Problems.From(StatusCodes.Status404NotFound, "quote_not_found", $"There is no quote {id}.");
    }

    private static async Task<Quote> KeepAsync(IDocumentStore store, string accountId, QuoteRequest request, Quote quote, DateTimeOffset now, CancellationToken cancel)
    {
        var kept = quote with { Id = $"quote-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}", ExpiresAt = now + Holds };
        await using var session = store.LightweightSession();
        var forgotten = now - Remembered;
        session.DeleteWhere<StoredQuote>(q => q.ExpiresAt < forgotten);
        session.Store(new StoredQuote(kept.Id, accountId, request, kept, kept.ExpiresAt.Value));
        await session.SaveChangesAsync(cancel);
        return kept;
    }
}
