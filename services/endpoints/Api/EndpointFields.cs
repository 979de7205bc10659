using Hypervize.Catalog;
using Hypervize.Contracts;
using Hypervize.Hosting.Requests;

namespace Hypervize.Endpoints.Api;

/// <summary>The fields of an endpoint's body, in one place for the reader, the document and the tests.</summary>
public static class EndpointFields
{
    /// <summary>The runtime that stands for any hardware, and is metered as that.</summary>
    public const string Simulator = "simulator";

    /// <summary>The hardware of real runtimes on this installation's own machines.</summary>
    public const string Local = "local";

    /// <summary><c>name</c></summary>
    public static TextField Name { get; } = new("name", "A label for people; needs not be unique.", 64, @"^(?!endpt-)[\p{L}\p{N}][\p{L}\p{N} ._\-]*$")
    {
        Shape = "letters, digits, spaces and . _ -, beginning with a letter or a digit, and not look like an id",
    };

    /// <summary><c>model</c></summary>
    public static TextField Model { get; } = new(
        "model", "owner/name of the Hugging Face Hub (@revision for one of its own), s3://bucket/prefix, a folder of this machine, or what the runtime knows it by. A quote says it too.", 200,
        @"^[A-Za-z0-9/][A-Za-z0-9._/\-?=&@:]*$", IsOptional: true) { Or = "quote", Shape = "owner/name, s3://bucket/prefix or the path of a folder" };

    /// <summary><c>model</c> of a quote.</summary>
    public static TextField QuotedModel { get; } = Model with { Or = null, IsOptional = false };

    /// <summary><c>quote</c></summary>
    public static TextField Quote { get; } = new("quote", "Id of a quote: its model, hardware, context and quantization are taken, and its prices hold.", 18, "^quote-[0-9a-f]{12}$", IsOptional: true) { Shape = "the id of a quote" };

    /// <summary><c>context</c></summary>
    public static NumberField Context { get; } = new("context", "Tokens of the longest sequence; else 8192, or all that the model was made for.", 1, 100_000_000, null);

    /// <summary><c>quantization</c></summary>
    public static TextField Quantization { get; } = new(
        "quantization", "fp8 or bitsandbytes, for weights that are quantised while loading; or which of several GGUF files, such as Q8_0.", 20, "^[A-Za-z0-9_]+$", IsOptional: true) { Shape = "a word of letters, digits and _" };

    /// <summary><c>huggingFaceToken</c></summary>
    public static TextField HuggingFaceToken { get; } = new(
        "huggingFaceToken", "A token of the Hub that may read the model, for private and gated ones. Kept encrypted, shown nowhere, destroyed with the endpoint.", 200, "^[!-~]+$", IsOptional: true)
    {
        Shape = "a token without spaces",
    };

    /// <summary><c>trustRemoteCode</c></summary>
    public static FlagField TrustRemoteCode { get; } = new("trustRemoteCode", "Consent that code of the model's own repository runs on its nodes.", false);

    /// <summary><c>runtimeArguments</c></summary>
    public static ListField Arguments { get; } = new("runtimeArguments", "What the runtime is told beside, such as --enable-prefix-caching; only some are allowed.", 20, 100);

    /// <summary><c>sampling.temperature</c></summary>
    public static DecimalField Temperature { get; } = new("sampling.temperature", "Temperature where a request says none.", 0, 2);

    /// <summary><c>sampling.topP</c></summary>
    public static DecimalField TopP { get; } = new("sampling.topP", "Share of probability that tokens are drawn from where a request says none.", 0.000_001m, 1);

    /// <summary><c>sampling.topK</c></summary>
    public static NumberField TopK { get; } = new("sampling.topK", "Most likely tokens to draw from where a request says none.", 1, 1_000_000, null);

    /// <summary><c>sampling.maxTokens</c></summary>
    public static NumberField MaxTokens { get; } = new("sampling.maxTokens", "Most tokens of an answer where a request says none.", 1, 100_000_000, null);

    /// <summary><c>sampling.repetitionPenalty</c></summary>
    public static DecimalField RepetitionPenalty { get; } = new("sampling.repetitionPenalty", "Penalty on what was said before where a request says none; 1 for none.", 0.01m, 10);

    /// <summary><c>concurrency</c></summary>
    public static NumberField Sequences { get; } = new("concurrency", "Sequences of the longest length that a node must hold at once.", 1, 100_000, 1);

    /// <summary><c>hardware</c></summary>
    public static ChoiceField Hardware { get; } = new("hardware", "Catalogue id of the hardware of each node; GET /v1/hardware lists them. Else the cheapest that fits.", [.. HardwareCatalog.Load().All.Select(h => h.Id)], IsOptional: true);

    /// <summary><c>runtime</c></summary>
    public static ChoiceField Runtime { get; } = new("runtime", "What serves the model on a node.", [Simulator, "vllm", "llama-server", "command"], Simulator);

    /// <summary><c>scaling.min</c></summary>
    public static NumberField Min { get; } = new("scaling.min", "Fewest nodes while up; 0 lets the endpoint sleep.", 0, Scaling.MostNodes, 0);

    /// <summary><c>scaling.max</c></summary>
    public static NumberField Max { get; } = new("scaling.max", "Most nodes.", 1, Scaling.MostNodes, 1);

    /// <summary><c>scaling.idleSeconds</c></summary>
    public static NumberField IdleSeconds { get; } = new("scaling.idleSeconds", "Seconds without a request before the endpoint sleeps.", 1, 86_400, 300);

    /// <summary><c>scaling.concurrency</c></summary>
    public static NumberField Concurrency { get; } = new("scaling.concurrency", "Requests one node takes at once.", 1, 1024, 16);

    /// <summary><c>scaling.requestsPerMinute</c></summary>
    public static NumberField RequestsPerMinute { get; } = new("scaling.requestsPerMinute", "Requests per minute that one node can serve; null when only those at once tell how many nodes are needed.", 1, 1_000_000, null) { IsNullable = true };

    /// <summary><c>scaling.tuning</c></summary>
    public static TuningFields Tuning { get; } = new("scaling.tuning");

    /// <summary><c>holdSeconds</c></summary>
    public static NumberField HoldSeconds { get; } = new("holdSeconds", "Seconds a request is held for a node before it is refused.", 1, 600, 60);

    /// <summary><c>access</c></summary>
    public static ChoiceField Access { get; } = new("access", "Who may call it: keys of the account, or anyone.", ["private", "public"], "private");

    /// <summary><c>telemetry</c></summary>
    public static FlagField Telemetry { get; } = new("telemetry", "The logging and telemetry add-on.", false);

    /// <summary><c>limits</c></summary>
    public static EndpointLimitFields Limits { get; } = new("limits");

    /// <summary><c>customDomain</c></summary>
    public static FlagField CustomDomain { get; } = new("customDomain", "The add-on for a domain of one's own.", false);

    /// <summary>Fields of a creation.</summary>
    public static IReadOnlyList<Field> Create { get; } = [Name, Model, Quote, Context, Quantization, TrustRemoteCode, HuggingFaceToken, Arguments, Temperature, TopP, TopK, MaxTokens, RepetitionPenalty, Hardware, Runtime, Min, Max, IdleSeconds, Concurrency, RequestsPerMinute, .. Tuning.All, HoldSeconds, Access, Telemetry, .. Limits.All];

    /// <summary>Fields of a quote.</summary>
    public static IReadOnlyList<Field> ForQuote { get; } = [QuotedModel, HuggingFaceToken, Context, Sequences, Quantization, Hardware, Min, Max, Telemetry, CustomDomain];

    /// <summary>Fields of a change: what an endpoint runs on and serves is its identity and stays.</summary>
    public static IReadOnlyList<Field> Patch { get; } = [Name, Min, Max, IdleSeconds, Concurrency, RequestsPerMinute, .. Tuning.All, HoldSeconds, Access, Telemetry, .. Limits.All];

    internal static EndpointAccess ToAccess(string word) => word == "public" ? EndpointAccess.Public : EndpointAccess.Private;
}
