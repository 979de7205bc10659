using System.Text.Json;
using Hypervize.Sizing.Weights;

namespace Hypervize.Sizing.Hub;

/// <summary>Reads what the Hub tells about a model. Which revision is current is asked each time; what a revision holds, once.</summary>
public sealed class HubClient
{
    private const int Megabyte = 1024 * 1024;

    // The most that a runtime takes, for an adapter that does not say its own.
    private const int MostRank = 512;
    private static readonly TimeSpan HeaderPatience = TimeSpan.FromSeconds(20);
    private const string Config = "config.json", Index = "model.safetensors.index.json", PyTorchIndex = "pytorch_model.bin.index.json", AdapterConfig = "adapter_config.json";

    // Before 4-bit files of the usual mix, others; before small ones, those that lose less.
    private static readonly string[] PreferredGguf = ["Q4_K_M", "Q4_K_S", "Q5_K_M", "Q6_K", "Q8_0", "Q4_0", "IQ4_XS", "BF16", "F16"];

    private readonly HubHttp _http;
    private readonly HubSettings _settings;
    private readonly HubCache _cache = new();

    /// <summary>A client.</summary>
    /// <param name="http">Client that follows no redirects by itself.</param>
    /// <param name="settings">Where the Hub is.</param>
    /// <param name="time">Time.</param>
    public HubClient(HttpClient http, HubSettings settings, TimeProvider time) => (_http, _settings) = (new(http, settings, time), settings);

    /// <summary>A client with connections of its own.</summary>
    /// <param name="settings">Where the Hub is.</param>
    /// <param name="time">Time.</param>
    public static HubClient Over(HubSettings settings, TimeProvider time) =>
        new(new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan }, settings, time);

    /// <summary>Reads a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="token">The caller's token; null for the one from the environment, if there is one.</param>
    /// <param name="quantization">The quantisation of GGUF file that is wanted; null for the usual one.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<Answer<ModelFacts>> ReadAsync(ModelReference.Hub model, string? token, string? quantization, CancellationToken cancel)
    {
        token ??= _settings.Token;
        var told = await AccessAsync(model, token, cancel);
        if (told.Value is not { IsClosed: false } facts) return told;
        return facts.Files.Any(f => f.Path == AdapterConfig) && !facts.Files.Any(f => f.Path == Config)
            ? await WithAdapterAsync(model, facts, token, cancel)
            : await WithFilesAsync(model, facts, token, quantization, cancel);
    }

    /// <summary>Lists the files of a model or an adapter with their sizes and digests, and those that its index names, to who has access to it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="token">The caller's token; null for the one from the environment, if there is one.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<Answer<ModelFacts>> FilesAsync(ModelReference.Hub model, string? token, CancellationToken cancel)
    {
        token ??= _settings.Token;
        var told = await AccessAsync(model, token, cancel);
        if (told.Value is not { } facts) return told;
        return facts.IsClosed ? Refusal(model, token, new(HubStatus.Gated, [])) : await WithIndexAsync(model, facts, token, cancel);
    }

    /// <summary>Reads a file on from an offset.</summary>
    /// <param name="model">The model, with the revision.</param>
    /// <param name="file">Path of the file.</param>
    /// <param name="from">Bytes that are not wanted any more.</param>
    /// <param name="token">The caller's token; null for the one from the environment, if there is one.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="HttpRequestException">The Hub does not give it, or not now.</exception>
    public Task<PartialFile> DownloadAsync(ModelReference.Hub model, string file, long from, string? token, CancellationToken cancel) =>
        _http.DownloadAsync(Resolve(model, model.Revision, file), from, token ?? _settings.Token, cancel);

    private async Task<Answer<ModelFacts>> AccessAsync(ModelReference.Hub model, string? token, CancellationToken cancel)
    {
        if (token?.Any(c => c is <= ' ' or > '~') is true) return Refusal(model, token, new(HubStatus.BadToken, []));
        var revision = model.Revision is { } asked ? $"/revision/{Uri.EscapeDataString(asked)}" : "";
        var info = await _http.GetAsync($"api/models/{model.Id}{revision}?blobs=true", token, 20 * Megabyte, cancel);
        if (info.Status != HubStatus.Found) return Refusal(model, token, info);
        if (Parse(info) is not { ValueKind: JsonValueKind.Object } document) return Silent("its answer is no JSON object");
        var told = HubDocument.Read(model.Id, document);
        if (told.IsDisabled) return Refusal(model, token, new(HubStatus.Disabled, []));

        var facts = told.Facts;
        if (facts.IsGated)
        {
            var access = await _http.GetAsync($"api/models/{model.Id}/auth-check", token, Megabyte, cancel);
            // A Hub that knows no such probe says it by what it gives; what is held of the model may have been given to somebody else.
            if (access.Status is HubStatus.NoRepository or HubStatus.NoEntry or HubStatus.NoRevision)
                access = await _http.GetAsync(Resolve(model, facts.Revision, facts.Files.FirstOrDefault(f => f.Path is Config or AdapterConfig)?.Path ?? Config), token, 50 * Megabyte, cancel);
            if (access.Status is HubStatus.BadToken or HubStatus.Silent or HubStatus.Limited or HubStatus.Disabled) return Refusal(model, token, access);
            // Who shows a token is told that it has no access; who shows none may still know a price.
            if (access.Status is not HubStatus.Found)
                return token is null ? facts with { IsClosed = true } : Refusal(model, token, new(HubStatus.Gated, [], access.Reason));
        }
        return facts;
    }

    private async Task<Answer<ModelFacts>> WithFilesAsync(ModelReference.Hub model, ModelFacts facts, string? token, string? quantization, CancellationToken cancel)
    {
        var names = facts.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        bool MayHave(string name) => names.Count == 0 || names.Contains(name);

        if (ChooseGguf(facts, quantization) is var gguf && gguf.Refusal is { } refused) return refused;
        if (gguf.Value is { File.Length: > 0 } file)
            return facts with { Gguf = file with { Metadata = await GgufAsync(model, facts, file.File, token, cancel) } };

        if (facts.Config is null || MayHave(Config))
        {
            var config = await FileAsync(model, facts, Config, token, cancel);
            if (config.Status is HubStatus.Gated or HubStatus.NoRepository && facts.IsGated && token is null) return facts with { IsClosed = true };
            if (config.Status is not (HubStatus.Found or HubStatus.NoEntry or HubStatus.NoRepository)) return Refusal(model, token, config);
            if (config.Status == HubStatus.Found)
                facts = Parse(config) is { ValueKind: JsonValueKind.Object } read ? facts with { Config = read, IsConfigWhole = true } : facts with { Config = null, IsConfigBroken = true };
        }
        if (names.FirstOrDefault(n => n.StartsWith("sentence_", StringComparison.Ordinal) && n.EndsWith("_config.json", StringComparison.Ordinal)) is { } sentences)
            facts = facts with { MaxSequence = SentenceConfig.MaxSequence(Parse(await FileAsync(model, facts, sentences, token, cancel))) };
        return await WithIndexAsync(model, facts, token, cancel);
    }

    private async Task<ModelFacts> WithIndexAsync(ModelReference.Hub model, ModelFacts facts, string? token, CancellationToken cancel)
    {
        foreach (var index in (string[])[Index, PyTorchIndex])
            if (facts.Files.Any(f => f.Path == index) && facts.IndexedFiles is null && Parse(await FileAsync(model, facts, index, token, cancel)) is { ValueKind: JsonValueKind.Object } listed) facts = WeightIndex.Into(facts, listed);
        return facts;
    }

    private async Task<Answer<ModelFacts>> WithAdapterAsync(ModelReference.Hub model, ModelFacts facts, string? token, CancellationToken cancel)
    {
        if (Parse(await FileAsync(model, facts, AdapterConfig, token, cancel)) is not { ValueKind: JsonValueKind.Object } adapter
            || !adapter.TryGetProperty("base_model_name_or_path", out var named) || named.ValueKind != JsonValueKind.String || ModelReference.Parse(named.GetString()!) is not ModelReference.Hub its)
            return new ModelRefusal(ModelProblem.Unsupported, $"{model.Id} is an adapter, and its {AdapterConfig} names no base model on the Hub. Merge it into its base, and deploy that.");
        var access = await AccessAsync(its, token, cancel);
        // Not read on: adapters may name each other in circles.
        if (access.Value?.Files is { } files && files.Any(f => f.Path == AdapterConfig) && !files.Any(f => f.Path == Config))
            return new ModelRefusal(ModelProblem.Unsupported, $"{model.Id} is an adapter on {its.Id}, which is an adapter too. Merge them, and deploy that.");
        var below = access.Value is { IsClosed: false } open ? await WithFilesAsync(its, open, token, null, cancel) : access;
        if (below.Value is not { } whole) return below.Refusal! with { Message = $"{model.Id} is an adapter on {its.Id}. {below.Refusal.Message}" };
        var rank = adapter.TryGetProperty("r", out var r) && r.ValueKind == JsonValueKind.Number && r.TryGetInt32(out var number) ? Math.Max(1, number) : MostRank;
        var bytes = facts.Files.Where(f => f.Path.StartsWith("adapter_model", StringComparison.Ordinal)).Select(f => f.Bytes).FirstOrDefault();
        return whole with { Model = facts.Model, Adapter = new(model.Id, facts.Revision, its.Id, rank, bytes) };
    }

    // A repository without other weights is one of GGUF files.
    private static Answer<GgufChoice> ChooseGguf(ModelFacts facts, string? quantization)
    {
        var files = GgufFiles.Of(facts.Files);
        if (files.Count == 0 || Analysis.WeightSize.LoadedFiles(facts).Count > 0 || facts.ParametersByDtype is not null) return new GgufChoice("", null, "", null);
        if (quantization is null)
            return files.OrderBy(f => Array.IndexOf(PreferredGguf, f.Quantization) is var place and >= 0 ? place : PreferredGguf.Length).ThenByDescending(f => f.Bytes).First();
        return files.FirstOrDefault(f => f.Quantization.Equals(quantization, StringComparison.OrdinalIgnoreCase)) is { } found
            ? found
            : new ModelRefusal(ModelProblem.Unsupported, $"{facts.Model} has no file in {quantization}. It has {string.Join(", ", files.Select(f => f.Quantization).Distinct())}.");
    }

    private async Task<GgufHeader?> GgufAsync(ModelReference.Hub model, ModelFacts facts, string file, string? token, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(HeaderPatience);
        try
        {
            await using var stream = await _http.OpenAsync(Resolve(model, facts.Revision, file), token, patience.Token);
            return stream is null ? null : await GgufReader.ReadAsync(stream, patience.Token);
        }
        catch (Exception e) when (e is MalformedWeightsException or IOException or HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
    }

    private async Task<HubAnswer> FileAsync(ModelReference.Hub model, ModelFacts facts, string file, string? token, CancellationToken cancel)
    {
        var path = Resolve(model, facts.Revision, file);
        if (facts.Revision is not null && _cache.Get(path) is { } held) return held;
        var answer = await _http.GetAsync(path, token, 50 * Megabyte, cancel);
        if (facts.Revision is not null && (answer.Status is HubStatus.NoEntry || Parse(answer) is not null)) _cache.Put(path, answer);
        return answer;
    }

    private static string Resolve(ModelReference.Hub model, string? revision, string file) =>
        $"{model.Id}/resolve/{Uri.EscapeDataString(revision ?? model.Revision ?? "main")}/{string.Join('/', file.Split('/').Select(Uri.EscapeDataString))}";

    private static JsonElement? Parse(HubAnswer answer)
    {
        if (answer.Status != HubStatus.Found) return null;
        try
        {
            return answer.Json();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private ModelRefusal Silent(string reason) => new(ModelProblem.Unreachable, $"The Hub at {_settings.Endpoint.Host} can't be read: {reason}. Try again later.");

    private ModelRefusal Refusal(ModelReference.Hub model, string? token, HubAnswer answer) => answer.Status switch
    {
        HubStatus.NoRepository => new(ModelProblem.NotFound, token is null
            ? $"There is no model {model.Id} on the Hub, or it is private. Check the name; for a private model give a token that sees it."
            : $"There is no model {model.Id} on the Hub that this token sees. Check the name, and what the token may read."),
        HubStatus.NoRevision => new(ModelProblem.RevisionNotFound, $"{model.Id} has no revision {model.Revision}. Give a branch, a tag or a commit of it."),
        HubStatus.Gated => new(ModelProblem.Gated, token is null
            ? $"{model.Id} is gated. Ask for access on its page, then give a token that has it."
            : $"{model.Id} is gated, and this token has no access to it. Ask for access on its page; it is granted to the token's owner."),
        HubStatus.Disabled => new(ModelProblem.Disabled, $"The Hub has disabled {model.Id}. Choose another model."),
        HubStatus.BadToken => new(ModelProblem.TokenInvalid, "The Hub knows no such token. Make one at its settings, under access tokens; one that reads is enough."),
        HubStatus.Limited => new(ModelProblem.RateLimited, $"The Hub takes no more requests for now: {answer.Reason}. Try again in a minute; with a token there are more."),
        HubStatus.Found or HubStatus.NoEntry or HubStatus.Silent => Silent(answer.Reason.Length > 0 ? answer.Reason : "its answer can't be read"),
    };
}
