using Hypervize.Hosting.Requests;

namespace Hypervize.Dashboard.Deploy;

/// <summary>
/// What the form's fields take, so that what is wrong is said while it is typed. The bounds are the public API's own; tests hold the two together. What
/// they say is their label.
/// </summary>
public static class DeployFields
{
    /// <summary>The runtime that stands for any hardware, and is metered as that.</summary>
    public const string Simulator = "simulator";

    /// <summary>The runtime that runs a command of the operator's, whatever the model.</summary>
    public const string OwnCommand = "command";

    /// <summary>Catalogue id of the add-on for logs and telemetry.</summary>
    public const string Telemetry = "telemetry";

    /// <summary>Path of the hardware, for what the API says of it.</summary>
    public const string Hardware = "hardware";

    /// <summary>Path of the runtime.</summary>
    public const string Runtime = "runtime";

    /// <summary>Path of the consent to the model's own code.</summary>
    public const string TrustRemoteCode = "trustRemoteCode";

    /// <summary><c>model</c></summary>
    public static TextField Model { get; } = new("model", "Model", 200, @"^[A-Za-z0-9/][A-Za-z0-9._/\-?=&@:]*$", IsOptional: true) { Shape = "owner/name, s3://bucket/prefix or the path of a folder" };

    /// <summary><c>name</c></summary>
    public static TextField Name { get; } = new("name", "Name", 64, @"^(?!endpt-)[\p{L}\p{N}][\p{L}\p{N} ._\-]*$")
    {
        Shape = "letters, digits, spaces and . _ -, beginning with a letter or a digit, and not look like an id",
    };

    /// <summary><c>huggingFaceToken</c></summary>
    public static TextField Token { get; } = new("huggingFaceToken", "Hugging Face token", 200, "^[!-~]+$", IsOptional: true) { Shape = "a token without spaces" };

    /// <summary><c>quantization</c></summary>
    public static TextField Quantization { get; } = new("quantization", "Quantization", 20, "^[A-Za-z0-9_]+$", IsOptional: true) { Shape = "a word of letters, digits and _" };

    /// <summary><c>context</c></summary>
    public static NumberField Context { get; } = new("context", "Context length, tokens", 1, 100_000_000, null);

    /// <summary><c>scaling.min</c></summary>
    public static NumberField Min { get; } = new("scaling.min", "Fewest nodes", 0, 64, 0);

    /// <summary><c>scaling.max</c></summary>
    public static NumberField Max { get; } = new("scaling.max", "Most nodes", 1, 64, 1);

    /// <summary><c>scaling.idleSeconds</c></summary>
    public static NumberField Idle { get; } = new("scaling.idleSeconds", "Idle time before it sleeps, seconds", 1, 86_400, 300);

    /// <summary><c>scaling.concurrency</c></summary>
    public static NumberField Concurrency { get; } = new("scaling.concurrency", "Requests at once per node", 1, 1024, 16);

    /// <summary><c>holdSeconds</c></summary>
    public static NumberField Hold { get; } = new("holdSeconds", "Hold time, seconds", 1, 600, 60);

    /// <summary><c>limits.perAddress.requestsPerMinute</c></summary>
    public static NumberField AddressPerMinute { get; } = new("limits.perAddress.requestsPerMinute", "Requests per minute of an address", 1, 1_000_000, null);

    /// <summary><c>limits.perAddress.concurrent</c></summary>
    public static NumberField AddressAtOnce { get; } = new("limits.perAddress.concurrent", "Requests at once of an address", 1, 100_000, null);

    /// <summary>Fields of texts.</summary>
    public static IReadOnlyList<TextField> Texts { get; } = [Model, Name, Token, Quantization];

    /// <summary>Fields of numbers.</summary>
    public static IReadOnlyList<NumberField> Numbers { get; } = [Context, Min, Max, Idle, Concurrency, Hold, AddressPerMinute, AddressAtOnce];

    /// <summary>What serves a model on a node, and what it means to choose it.</summary>
    public static IReadOnlyList<(string Runtime, string Says)> Runtimes { get; } =
    [
        (Simulator, "Simulated nodes: no GPU, made-up answers"), ("vllm", "vLLM, on this installation's own machines"),
        ("llama-server", "llama-server, for GGUF, on its own machines"), (OwnCommand, "The operator's own command, on its own machines"),
    ];
}
