using Hypervize.Sizing.Weights;

namespace Hypervize.Sizing.Analysis;

/// <summary>Concludes a model's size and shape from what was read about it. Pure.</summary>
public static class Analyst
{
    private const int BytesOfAComputedFloat = 2, VocabularyBlock = 64;

    /// <summary>Analyses.</summary>
    /// <param name="facts">What was read.</param>
    public static Answer<ModelAnalysis> Analyse(ModelFacts facts)
    {
        var config = facts.Config is { ValueKind: System.Text.Json.JsonValueKind.Object } document ? new ConfigFields(document, facts.IsConfigWhole) : null;
        var task = TaskReading.Of(facts, config);
        if (task.Value is not { } reading) return task.Refusal!;
        if (facts.Gguf is { } gguf) return OfGguf(facts, gguf, reading);
        if (facts.Files.Count > 0 && config is null && !facts.IsClosed && facts.ParametersByDtype is null)
            return new ModelRefusal(ModelProblem.Unsupported, $"{facts.Model} has no config.json and no GGUF file, so no runtime here loads it. Choose a repository in the format of transformers or of llama.cpp.");
        return OfTensors(facts, config, reading);
    }

    /// <summary>What a name alone tells; null when it does not tell a size.</summary>
    /// <param name="model">The model's id.</param>
    /// <param name="why">Why nothing better is known.</param>
    public static ModelAnalysis? FromName(string model, string why)
    {
        if (NameEstimate.Parameters(model) is null) return null;
        var format = model.EndsWith("-GGUF", StringComparison.OrdinalIgnoreCase) ? new GgufChoice("", null, "Q4_K_M", null) : null;
        return Analyse(new(model, ModelOrigin.Hub) { Gguf = format, IsClosed = true }).Value is { } analysis ? analysis with { Notes = [why, .. analysis.Notes] } : null;
    }

    private static Answer<ModelAnalysis> OfTensors(ModelFacts facts, ConfigFields? config, TaskReading.Reading reading)
    {
        var torchDtype = config?.Word("torch_dtype", "dtype");
        var quantization = config?.Word("quantization_config.quant_method");
        var size = WeightSize.Of(facts, quantization, torchDtype);
        var named = NameEstimate.Parameters(facts.Model);
        var (bytesEach, namedQuantization) = NameEstimate.Storage(facts.Model);
        var parameters = facts.Parameters ?? (quantization is null || facts.ParametersByDtype?.Keys.Any(Dtypes.IsPacking) is false ? facts.ParametersByDtype?.Values.Sum() : null);
        if (size is null && (parameters ?? named) is not { } known) return Unsized(facts);
        size ??= new((long)((parameters ?? named!.Value) * bytesEach), (long)((parameters ?? named!.Value) * bytesEach), $"{bytesEach} bytes for each parameter{(parameters is null ? " that the name tells" : "")}", IsEstimate: true);

        var isEncoder = reading.Task == ModelTask.Embedding && TaskReading.IsEncoder(config?.TextType);
        var shape = isEncoder || config is null ? null : AttentionShape.Of(config);
        var guessed = shape is null && !isEncoder ? NameEstimate.Cache(parameters ?? named ?? size.Stored / BytesOfAComputedFloat) : null;
        var context = Context(config, facts.MaxSequence, isEncoder);
        var heads = config?.Number("num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads");
        return new ModelAnalysis(
            facts.Model, facts.Revision, reading.Task, WeightFormat.Safetensors, parameters ?? named, size.Stored, size.Loaded,
            shape?.BytesPerToken ?? (guessed is null ? 0 : guessed.Count * guessed.BytesPerToken), context.Tokens)
        {
            Architecture = config?.Architecture, ModelType = config?.Type, Quantization = quantization ?? (config is null ? namedQuantization : null),
            Dtype = torchDtype?.Contains("float16", StringComparison.Ordinal) is true && !torchDtype.Contains("bfloat16", StringComparison.Ordinal) ? "float16" : "bfloat16",
            Layers = shape?.Layers ?? (guessed is null ? [] : [guessed]), Heads = shape?.Heads ?? (int?)heads?.Value, KvHeads = shape?.KvHeads, HeadDim = shape?.HeadDim, Mla = shape?.Mla,
            Experts = (int?)config?.Number("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts", "ffn_config.moe_num_experts")?.Value,
            SplitUnits = SplitUnits(config), EmbeddingBytes = EmbeddingBytes(config), Adapter = facts.Adapter, IsEstimate = size.IsEstimate || guessed is not null,
            Vocabulary = (int?)config?.Number("vocab_size")?.Value, IsGated = facts.IsGated, IsPrivate = facts.IsPrivate, IsClosed = facts.IsClosed && facts.IsGated,
            NeedsRemoteCode = config?.Has("auto_map") is true && facts.Files.Any(f => f.Path.EndsWith(".py", StringComparison.Ordinal)),
            Sources = Sources(
                ("task", reading.Source), ("parameters", parameters is not null ? "the count of safetensors' elements" : named is not null ? "the name, which is rounded" : null),
                ("weightBytes", size.Source), ("kvBytesPerToken", shape?.Source ?? (isEncoder ? "an encoder keeps nothing" : "estimated from the number of parameters")), ("maxContext", context.Source)),
            Notes = [.. Notes(facts)],
        };
    }

    private static Answer<ModelAnalysis> OfGguf(ModelFacts facts, GgufChoice gguf, TaskReading.Reading reading)
    {
        var named = NameEstimate.Parameters(facts.Model);
        var bytes = gguf.Bytes ?? gguf.Metadata?.TensorBytes;
        if ((bytes ?? named) is null) return Unsized(facts);
        var stored = bytes ?? (long)(named!.Value * NameEstimate.Storage(gguf.Quantization is "" ? "q4_" : gguf.Quantization + "_").BytesPerParameter);
        var parameters = gguf.Metadata?.Parameters ?? facts.Parameters ?? named;

        var isEncoder = reading.Task == ModelTask.Embedding && TaskReading.IsEncoder(gguf.Metadata?.Architecture ?? facts.GgufArchitecture);
        var shape = isEncoder || gguf.Metadata is null ? null : AttentionShape.Of(gguf.Metadata);
        var guessed = shape is null && !isEncoder ? NameEstimate.Cache(parameters ?? stored) : null;
        var told = gguf.Metadata?.Number("context_length");
        return new ModelAnalysis(
            facts.Model, facts.Revision, reading.Task, WeightFormat.Gguf, parameters, stored, stored,
            shape?.BytesPerToken ?? (guessed is null ? 0 : guessed.Count * guessed.BytesPerToken), (int)Math.Clamp(told ?? facts.GgufContext ?? NameEstimate.MaxContext, 1, int.MaxValue))
        {
            Architecture = gguf.Metadata?.Architecture ?? facts.GgufArchitecture, ModelType = gguf.Metadata?.Architecture ?? facts.GgufArchitecture, Dtype = "float16", Quantization = gguf.Quantization,
            Layers = shape?.Layers ?? (guessed is null ? [] : [guessed]), Heads = shape?.Heads, KvHeads = shape?.KvHeads, HeadDim = shape?.HeadDim,
            Experts = (int?)gguf.Metadata?.Number("expert_count"), GgufFile = gguf.File.Length == 0 ? null : gguf.File, IsEstimate = bytes is null || guessed is not null,
            Sources = Sources(
                ("task", reading.Source), ("parameters", gguf.Metadata is not null ? "elements of the GGUF file's tensors" : facts.Parameters is not null ? "the Hub's reading of the GGUF file" : "the name"),
                ("weightBytes", gguf.Bytes is not null ? $"size of {gguf.File}" : bytes is not null ? $"tensors of {gguf.File}" : $"parameters that the name tells, in {gguf.Quantization}"),
                ("kvBytesPerToken", shape?.Source ?? "estimated from the number of parameters"),
                ("maxContext", told is not null ? "the GGUF file's context_length" : facts.GgufContext is not null ? "the Hub's reading of the GGUF file" : "assumed")),
            Notes = [.. Notes(facts)],
        };
    }

    // As vLLM derives it: a scaling of positions stretches what the model was made for, unless the config has already done so.
    private static (int Tokens, string Source) Context(ConfigFields? config, int? sentences, bool isEncoder)
    {
        // What sentence-transformers cut at wins, then model_max_length; of the other names vLLM takes the smallest.
        if (sentences is { } cut) return (cut, "max_seq_length of its sentence-transformers config");
        if (config?.Number("model_max_length") is { Value: > 0 } own) return ((int)own.Value, own.Path);
        var positions = config?.All("max_position_embeddings", "n_positions", "max_sequence_length", "max_seq_len", "seq_length").Where(n => n.Value > 0).OrderBy(n => n.Value).ToList() ?? [];
        if ((positions.Count > 0 ? positions[0] : config?.Number("max_position_embeddings", "n_ctx", "max_context_length")) is not { Value: > 0 } told)
            return config?.Has("hidden_size") is true || config?.Has("n_embd") is true ? (NameEstimate.MaxContextUntold, "assumed as vLLM does, since the config does not tell it") : (NameEstimate.MaxContext, "assumed");
        if (isEncoder) // RoBERTa's first positions are taken by padding.
            return config!.TextType?.Contains("roberta", StringComparison.Ordinal) is true ? ((int)Math.Max(1, told.Value - 2), $"{told.Path} less the 2 for padding") : ((int)told.Value, told.Path);

        var kind = config!.Word("rope_scaling.rope_type", "rope_scaling.type", "rope_parameters.rope_type");
        var factor = config.Fraction("rope_scaling.factor") ?? config.Fraction("rope_parameters.factor") ?? 1;
        var stretched = kind switch
        {
            "yarn" when config.Number("rope_scaling.original_max_position_embeddings", "rope_parameters.original_max_position_embeddings") is { } original => original.Value * factor,
            "yarn" or "linear" or "dynamic" when config.TextType?.StartsWith("gemma3", StringComparison.Ordinal) is not true => told.Value * factor,
            _ => told.Value,
        };
        var tokens = (int)Math.Clamp(Math.Max(stretched, 1), 1, int.MaxValue);
        return (tokens, tokens == told.Value ? told.Path : $"{told.Path} and rope_scaling ({kind}, × {factor})");
    }

    // vLLM gives each GPU the same part of every layer and of the vocabulary, which it rounds up to 64; groups of quantised weights can't be cut.
    private static List<long> SplitUnits(ConfigFields? config)
    {
        if (config is null) return [];
        var group = config.Number("quantization_config.group_size") is { Value: > 0 } own ? own.Value
            : config.Numbers("quantization_config.weight_block_size") is { Count: > 0 } block && block.Max() > 0 ? block.Max()
            : config.Number("quantization_config.config_groups.group_0.weights.group_size") is { Value: > 0 } first ? first.Value : 1;
        long?[] widths =
        [
            config.Number("moe_intermediate_size")?.Value, config.Number("intermediate_size", "ffn_hidden_size", "n_inner")?.Value,
            config.Number("num_attention_heads", "n_head")?.Value is { } heads && config.Number("head_dim")?.Value is { } dim ? heads * dim : config.Number("kv_lora_rank") is null ? config.Number("hidden_size", "n_embd", "n_embed")?.Value : null,
        ];
        var units = widths.OfType<long>().Where(w => w > 0).Select(w => w % group == 0 ? w / group : w);
        return [.. units.Concat(config.Number("vocab_size") is { Value: > 0 } words ? [(words.Value + VocabularyBlock - 1) / VocabularyBlock * VocabularyBlock] : (long[])[]).Distinct()];
    }

    private static long EmbeddingBytes(ConfigFields? config)
    {
        if (config?.Number("vocab_size") is not { Value: > 0 } words || config.Number("hidden_size", "n_embd", "n_embed", "d_model") is not { Value: > 0 } width) return 0;
        return words.Value * width.Value * BytesOfAComputedFloat * (config.Flag("tie_word_embeddings") is true ? 1 : 2);
    }

    private static ModelRefusal Unsized(ModelFacts facts) => facts.IsClosed
        ? new(ModelProblem.Gated, $"{facts.Model} is gated, and neither what the Hub tells everyone nor its name tells its size. Ask for access on its page, and give a token that has it.")
        : new(ModelProblem.Unsupported, $"Nothing tells how large {facts.Model} is: its repository has no weights in safetensors, PyTorch or GGUF format at its root.");

    private static IEnumerable<string> Notes(ModelFacts facts)
    {
        if (facts.IsClosed && facts.IsGated) yield return $"{facts.Model} is gated: what is quoted is an estimate. Ask for access on its page, and give a token that has it to create an endpoint.";
        if (facts.IsConfigBroken) yield return "Its config.json can't be understood: what is quoted is an estimate.";
        if (facts.Adapter is { } adapter) yield return $"It is an adapter of rank {adapter.Rank} on {adapter.Base}, which is sized with it.";
    }

    private static Dictionary<string, string> Sources(params (string Name, string? Source)[] sources) => sources.Where(s => s.Source is not null).ToDictionary(s => s.Name, s => s.Source!);
}
