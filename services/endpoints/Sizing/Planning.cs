using Hypervize.Catalog;
using Hypervize.Contracts;
using Hypervize.Endpoints.Api;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.Hosting;
using Hypervize.Sizing;
using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Fit;
using Hypervize.Sizing.Quotes;
using Hypervize.Sizing.Running;
using Marten;

namespace Hypervize.Endpoints.Sizing;

/// <summary>A quote that an endpoint can be created by.</summary>
/// <param name="Id">Its id.</param>
/// <param name="AccountId">The account it was made for.</param>
/// <param name="Request">What was asked for.</param>
/// <param name="Quote">The quote.</param>
/// <param name="ExpiresAt">Until when.</param>
public sealed record StoredQuote(string Id, string AccountId, QuoteRequest Request, Quote Quote, DateTimeOffset ExpiresAt);

/// <summary>A planned creation, or why there is none.</summary>
/// <param name="Value">The command; null when refused.</param>
/// <param name="Refusal">Why not; null when planned.</param>
public sealed record Planned(Create? Value, PlanRefusal? Refusal);

/// <summary>Makes of what an owner asks for what an endpoint is created as: everything about its model is known, and refused, before.</summary>
/// <param name="models">Reads models.</param>
/// <param name="catalog">Hardware and prices.</param>
/// <param name="store">The service's store.</param>
/// <param name="time">Time.</param>
public sealed class Planning(ModelReader models, HardwareCatalog catalog, IDocumentStore store, TimeProvider time)
{
    private const string OwnTemplate = "command";

    /// <summary>Plans.</summary>
    /// <param name="wish">What is asked for.</param>
    /// <param name="token">The owner's token for the Hub; null for none.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<Planned> PlanAsync(Wish wish, string? token, Caller caller, CancellationToken cancel)
    {
        if (wish.Model is { } named && NotForThem(named, caller) is { } refused) return new(null, refused);
        var planned = wish.QuoteId is { } id ? await ByQuoteAsync(wish, id, token, caller, cancel) : await ByModelAsync(wish, token, caller, cancel);
        return token is null || planned.Value is not { Plan: { } plan } create ? planned : planned with { Value = create with { Plan = plan with { HasSecrets = true } } };
    }

    /// <summary>Why a caller may not name a model; null when they may. Folders and buckets are read with the machine's own rights: they are the operator's.</summary>
    /// <param name="model">Reference of the model.</param>
    /// <param name="caller">Who names it.</param>
    public static PlanRefusal? NotForThem(string model, Caller caller) => ModelReference.Parse(model) is ModelReference.Folder or ModelReference.Bucket && !caller.IsOperator
        ? new(StatusCodes.Status403Forbidden, "scope_missing", "Folders and buckets are read with this installation's own rights: that needs a key with scope operator.", EndpointFields.Model.Path)
        : null;

    private async Task<Planned> ByModelAsync(Wish wish, string? token, Caller caller, CancellationToken cancel)
    {
        // What an operator's own command runs, and how, is the operator's business.
        if (wish.Runtime == OwnTemplate) return Of(wish, wish.Model!, wish.Hardware!, null, wish.Ask(), null, caller);

        var answer = await models.AnalyseAsync(wish.Model!, token, wish.Quantization, cancel);
        if (answer.Value is not { } model) return Refused(answer.Refusal!);
        if (model.IsClosed) return Refused(NoAccess(model));
        var hardware = wish.Hardware ?? (wish.Runtime == EndpointFields.Simulator ? null : EndpointFields.Local);
        // What a machine of one's own holds is for its owner to say: vLLM runs on processors too, where it must.
        if (hardware == EndpointFields.Local && wish.Ask().ContextOf(model) > model.MaxContext) return Refused(Quoting.BeyondContext(model, wish.Ask().ContextOf(model)));
        if (hardware == EndpointFields.Local) return Of(wish, model.Model, hardware, model, wish.Ask(), null, caller);
        var quote = Quoting.Of(model, new(model.Model, wish.Ask(), hardware, wish.Scaling.Min, wish.Scaling.Max, []), catalog.All, catalog, time.GetUtcNow());
        return quote.Value is { } fitting ? Of(wish, model.Model, fitting.Chosen, model, wish.Ask(), null, caller) : Refused(quote.Refusal!);
    }

    private async Task<Planned> ByQuoteAsync(Wish wish, string id, string? token, Caller caller, CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        var stored = await session.LoadAsync<StoredQuote>(id, cancel);
        if (stored is null || (stored.AccountId != caller.AccountId && !caller.IsOperator))
            return new(null, new(StatusCodes.Status422UnprocessableEntity, "quote_not_found", $"There is no quote {id}. POST /v1/quotes makes one.", EndpointFields.Quote.Path));
        if (stored.ExpiresAt <= time.GetUtcNow())
            return new(null, new(StatusCodes.Status422UnprocessableEntity, "quote_expired", $"Quote {id} held until {stored.ExpiresAt:u}. POST /v1/quotes makes a new one.", EndpointFields.Quote.Path));
        if (wish.Runtime != EndpointFields.Simulator && stored.Quote.Chosen != EndpointFields.Local)
            return new(null, new(StatusCodes.Status422UnprocessableEntity, "invalid_request", $"The quote is for {stored.Quote.Chosen}, and {wish.Runtime} runs on this installation's own machines. Ask for a quote with hardware {EndpointFields.Local}.", EndpointFields.Runtime.Path));
        // What the quote was made with may be another's, or have been withdrawn: who may load the model is asked again.
        if (stored.Quote.Details is { IsGated: true } or { IsPrivate: true } or { IsClosed: true } || token is not null)
        {
            var reference = stored.Quote.Revision is { } revision && ModelReference.Parse(stored.Quote.Model) is ModelReference.Hub && stored.Quote.Details.Adapter is null ? $"{stored.Quote.Model}@{revision}" : stored.Quote.Model;
            var now = await models.AnalyseAsync(reference, token, stored.Request.Ask.Quantization, cancel);
            if (now.Value is not { } model) return Refused(now.Refusal!);
            if (model.IsClosed) return Refused(NoAccess(model));
            return Of(wish, stored.Quote.Model, stored.Quote.Chosen, model, stored.Request.Ask, stored, caller);
        }
        return Of(wish, stored.Quote.Model, stored.Quote.Chosen, stored.Quote.Details, stored.Request.Ask, stored, caller);
    }

    private Planned Of(Wish wish, string reference, string hardwareId, ModelAnalysis? model, Ask ask, StoredQuote? quote, Caller caller)
    {
        if (model is not null && Unservable(wish, model) is { } refusal) return new(null, refusal);
        var hardware = catalog.Find(hardwareId)!;
        IReadOnlyList<string> arguments = model is null ? [] :
        [
            .. RuntimeArguments.Of(wish.Runtime, model, ask, Math.Max(1, Splits.Most(model, Math.Max(1, hardware.GpuCount))), hardware.ComputeCapability, wish.Scaling.Concurrency, wish.TrustRemoteCode),
            .. Tuning.Of(wish.Runtime, wish.Arguments, wish.Sampling),
        ];
        var (weights, adapter) = Weights(wish, model);
        var plan = new EndpointPlan(
            wish.Fingerprint(), quote?.Id, model?.Revision, model is null ? wish.Context : ask.ContextOf(model), arguments.Count == 0 ? null : string.Join(' ', arguments),
            quote?.Quote.NodeHourlyUsd, quote?.Quote.AddOns.FirstOrDefault(a => a.Id == "telemetry")?.HourlyUsd, Weights: weights, Adapter: adapter);
        return new(new Create(caller.AccountId!, wish.Settings(reference, hardwareId), plan, caller.Name), null);
    }

    // What a node loads is on its disk before it starts; the simulator loads nothing.
    private static (NodeWeights? Model, NodeWeights? Adapter) Weights(Wish wish, ModelAnalysis? model) => model switch
    {
        null => (null, null),
        _ when wish.Runtime == EndpointFields.Simulator => (null, null),
        { Adapter: { } adapter } => (new(adapter.Base, model.Revision, null), new(adapter.Model, adapter.Revision, null)),
        _ => (new(model.Model, model.Revision, model.GgufFile), null),
    };

    private static PlanRefusal? Unservable(Wish wish, ModelAnalysis model)
    {
        PlanRefusal Unsupported(string message) => ModelProblems.Of(new(ModelProblem.Unsupported, message));
        if (wish.Runtime == EndpointFields.Simulator) return null;
        if (ModelReference.Parse(model.Model) is ModelReference.Simulated) return Unsupported($"{model.Model} has no weights: only the simulator serves it. Choose runtime {EndpointFields.Simulator}, or a model for {wish.Runtime}.");
        if (model.IsEstimate && model.Revision is null && ModelReference.Parse(model.Model) is ModelReference.Hub)
            return ModelProblems.Of(new(ModelProblem.Unreachable, $"The Hub can't be read, so that it is not known what {model.Model} is. Try again later."));
        if (wish.Runtime == RuntimeArguments.Vllm && model.Format == WeightFormat.Gguf) return Unsupported($"{model.Model} is in GGUF format, which llama-server loads. Choose runtime {RuntimeArguments.LlamaServer}.");
        if (wish.Runtime == RuntimeArguments.LlamaServer && model.Format != WeightFormat.Gguf) return Unsupported($"{model.Model} has no GGUF files, which are all that llama-server loads. Choose runtime {RuntimeArguments.Vllm}, or a GGUF version of it.");
        return model.NeedsRemoteCode && !wish.TrustRemoteCode
            ? new(StatusCodes.Status422UnprocessableEntity, "remote_code_not_trusted", $"{model.Model} runs code of its own repository. Read it, and set trustRemoteCode to true if you trust it.", EndpointFields.TrustRemoteCode.Path)
            : null;
    }

    private static ModelRefusal NoAccess(ModelAnalysis model) =>
        new(ModelProblem.Gated, $"{model.Model} is gated. Ask for access on its page, and give a token that has it as {EndpointFields.HuggingFaceToken.Path}.");

    private static Planned Refused(ModelRefusal refusal) => new(null, ModelProblems.Of(refusal));
}
