using System.Text.Json;

namespace Hypervize.Sizing.Analysis;

/// <summary>What an attention keeps of each token, layer by layer.</summary>
/// <param name="Layers">Layers that keep something, by what they keep.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="KvHeads">Heads of keys and values.</param>
/// <param name="HeadDim">Dimension of a head.</param>
/// <param name="Mla">Its latent attention; null when it has none.</param>
/// <param name="Source">Where that comes from.</param>
internal sealed record AttentionShape(IReadOnlyList<CachedLayers> Layers, int Heads, int KvHeads, int HeadDim, LatentAttention? Mla, string Source)
{
    // More than any model has by a factor of ten: beyond it, a document is wrong.
    private const int MostLayers = 10_000, MostHeads = 100_000, MostNumbers = 65_536;

    // Runtimes keep keys and values in 16 bits unless told otherwise.
    private const int BytesOfANumber = 2;

    // Layers that keep a state of fixed size, or nothing. A word that we don't know is taken for attention: memory that is not needed costs less than memory that is missing.
    private static readonly HashSet<string> Stateless = ["linear_attention", "lightning_attention", "mamba", "mamba2", "recurrent", "conv", "short_conv", "mlp", "moe", "ffn", "linear", "gated_deltanet", "deltanet", "kda", "rwkv"];

    /// <summary>Bytes that all layers together keep of a token.</summary>
    public long BytesPerToken => Layers.Sum(l => l.Count * l.BytesPerToken);

    /// <summary>Reads the shape; null when the config does not tell it.</summary>
    /// <param name="config">The config.</param>
    public static AttentionShape? Of(ConfigFields config)
    {
        var layers = config.Number("num_hidden_layers", "n_layer", "n_layers", "num_layers");
        // A state space has heads that keep nothing of a token.
        var isStateSpace = config.Number("num_attention_heads", "n_head", "n_heads") is null && (config.Has("state_size") || config.Has("ssm_cfg"));
        if (isStateSpace && layers is { Value: > 0 and <= MostLayers }) return new([], 1, 1, 1, null, "a state space keeps nothing of a token");
        var heads = config.Number("num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads");
        if (layers is not { Value: > 0 and <= MostLayers } || heads is not { Value: > 0 and <= MostHeads }) return null;

        if (Latent(config) is { Value: { KvLoraRank: <= MostNumbers, QkRopeHeadDim: <= MostNumbers } } mla)
        {
            var dimension = mla.Value.KvLoraRank + mla.Value.QkRopeHeadDim;
            var keeping = Windows(config, (int)layers.Value.Value).Count;
            return new(
                keeping == 0 ? [] : [new(keeping, (long)dimension * BytesOfANumber, KvHeads: 0, Window: null)], (int)heads.Value.Value, (int)heads.Value.Value, dimension, mla.Value,
                $"{keeping} layers × ({mla.Value.KvLoraRank} + {mla.Value.QkRopeHeadDim}) × {BytesOfANumber} bytes: config's {layers.Value.Path}, {mla.Path}");
        }

        if (Blocks(config, heads.Value.Value) is { } blocks) return blocks;
        var kvHeads = KeyValueHeads(config, heads.Value.Value);
        if (HeadDimension(config, heads.Value.Value) is not { Value: > 0 and <= MostNumbers } headDim || kvHeads.Value is <= 0 or > MostHeads) return null;
        var perLayer = 2L * kvHeads.Value * headDim.Value * BytesOfANumber;
        var kept = Windows(config, (int)layers.Value.Value);
        return new(
            [.. kept.GroupBy(w => w).Select(g => new CachedLayers(g.Count(), perLayer, (int)kvHeads.Value, g.Key))],
            (int)heads.Value.Value, (int)kvHeads.Value, (int)headDim.Value, null,
            $"2 × {kept.Count} layers × {kvHeads.Value} heads × {headDim.Value} × {BytesOfANumber} bytes: config's {layers.Value.Path}, {kvHeads.Path}, {headDim.Path}");
    }

    /// <summary>A shape that a GGUF file's metadata tells; null when it does not.</summary>
    /// <param name="gguf">The metadata.</param>
    public static AttentionShape? Of(Weights.GgufHeader gguf)
    {
        if (gguf.Number("block_count") is not { } layers || gguf.Numbers("attention.head_count")?.Max() is not { } heads || layers is <= 0 or > MostLayers || heads is < 0 or > MostHeads) return null;
        if (heads == 0) return new([], 0, 0, 0, null, "a state space keeps nothing of a token: the GGUF file's attention.head_count is 0");
        // llama.cpp keeps latent attention's one vector where the file was made for that.
        if (gguf.Number("attention.kv_lora_rank") is { } rank and > 0 and <= MostNumbers && gguf.Number("rope.dimension_count") is { } rope and > 0 and <= MostNumbers && gguf.Number("attention.key_length_mla") is > 0)
            return new([new((int)layers, (rank + rope) * BytesOfANumber, KvHeads: 0, Window: null)], (int)heads, (int)heads, (int)(rank + rope), new((int)rank, (int)rope), $"{layers} layers × ({rank} + {rope}) × {BytesOfANumber} bytes: the GGUF file's block_count, attention.kv_lora_rank, rope.dimension_count");
        var kvHeads = gguf.Numbers("attention.head_count_kv") is { Count: > 0 } each ? each : gguf.Numbers("attention.head_count")!;
        var keys = gguf.Number("attention.key_length") ?? gguf.Number("embedding_length") / heads;
        if (keys is not { } keyLength || keyLength is <= 0 or > MostNumbers || kvHeads.Any(n => n is < 0 or > MostHeads)) return null;
        var values = Math.Clamp(gguf.Number("attention.value_length") ?? keyLength, 1, MostNumbers);
        var window = gguf.Number("attention.sliding_window");
        // A file has one number for all layers, or one for each; a layer without heads keeps nothing.
        var interval = gguf.Number("full_attention_interval") is { } every and > 0 ? every : 1;
        var all = Enumerable.Range(0, (int)layers).Where(i => (i + 1) % interval == 0).Select(i => kvHeads[kvHeads.Count == 1 ? 0 : Math.Min(i, kvHeads.Count - 1)]).Where(n => n > 0).ToList();
        return new(
            [.. all.GroupBy(n => n).Select(g => new CachedLayers(g.Count(), g.Key * (keyLength + values) * BytesOfANumber, (int)g.Key, Window: null))],
            (int)heads, (int)all.DefaultIfEmpty(0).Max(), (int)keyLength, null,
            $"{all.Count} layers, heads of keys and values × ({keyLength} + {values}) × {BytesOfANumber} bytes: the GGUF file's block_count, attention.head_count_kv, attention.key_length{(window is null ? "" : "; llama.cpp keeps all of a windowed layer")}");
    }

    // Nemotron lists what each of its blocks has become: none, or groups of heads that share keys and values.
    private static AttentionShape? Blocks(ConfigFields config, long heads)
    {
        if (config.Objects("block_configs") is not { Count: > 0 and <= MostLayers } blocks || HeadDimension(config, heads) is not { Value: > 0 and <= MostNumbers } headDim) return null;
        var kept = blocks.Select(b => b.TryGetProperty("attention", out var a) && a.ValueKind == JsonValueKind.Object ? a : default).Where(a => a.ValueKind == JsonValueKind.Object)
            .Select(a => a.TryGetProperty("n_heads_in_group", out var n) && n.ValueKind == JsonValueKind.Number && n.TryGetInt32(out var group) && group > 0 ? heads / group : 0).Where(n => n > 0).ToList();
        return new(
            [.. kept.GroupBy(n => n).Select(g => new CachedLayers(g.Count(), 2 * g.Key * headDim.Value * BytesOfANumber, (int)g.Key, Window: null))], (int)heads, (int)kept.DefaultIfEmpty(heads).Min(), (int)headDim.Value, null,
            $"2 × heads of keys and values × {headDim.Value} × {BytesOfANumber} bytes in {kept.Count} blocks that attend: config's block_configs");
    }

    // MiniCPM3 computes latent attention, and runtimes keep all of its heads: their implementations of it are of before.
    private static (LatentAttention Value, string Path)? Latent(ConfigFields config) =>
        config.TextType == "minicpm3" ? null :
        config.Number("kv_lora_rank") is { Value: > 0 } rank && config.Number("qk_rope_head_dim") is { Value: > 0 } rope
            ? (new((int)rank.Value, (int)rope.Value), $"{rank.Path}, {rope.Path}")
            : null;

    private static (long Value, string Path) KeyValueHeads(ConfigFields config, long heads)
    {
        if ((config.Flag("multi_query") ?? config.TextType == "gpt_bigcode") && config.Flag("new_decoder_architecture") is not true && config.Number("multi_query_group_num") is null) return (1, "multi_query");
        if (config.Flag("multi_query_attention") is false) return (heads, "num_attention_heads, as multi_query_attention is false");
        return config.Number("num_key_value_heads", "num_attention_groups", "num_kv_heads", "n_head_kv", "multi_query_group_num", "attn_config.kv_n_heads", "num_query_groups") ?? (heads, "num_attention_heads, as all heads keep their own");
    }

    private static (long Value, string Path)? HeadDimension(ConfigFields config, long heads) =>
        config.Number("head_dim", "attention_head_dim", "kv_channels") is { Value: > 0 } own ? own
        : config.Number("qk_nope_head_dim") is { Value: > 0 } plain && config.Number("qk_rope_head_dim") is { Value: > 0 } turned ? (plain.Value + turned.Value, $"{plain.Path} + {turned.Path}")
        : config.Number("hidden_size", "n_embd", "n_embed", "d_model") is { Value: > 0 } hidden ? (hidden.Value / heads, $"{hidden.Path} ÷ heads")
        : null;

    // One entry for each layer that keeps something: how far it looks back; null for all.
    private static IReadOnlyList<int?> Windows(ConfigFields config, int layers)
    {
        var window = config.Flag("use_sliding_window") is false ? null : (int?)config.Number("sliding_window", "sliding_window_size")?.Value;
        if (window <= 0) window = null;
        int? Kept(bool slides) => slides ? window : null;
        int? Positive(string name) => config.Number(name) is { Value: > 0 } it ? (int)it.Value : null;
        // The last layers may look at what an earlier one keeps.
        int Shared() => config.Number("num_kv_shared_layers") is { Value: > 0 } last && last.Value < layers ? (int)last.Value : 0;

        if (config.Words("layer_types") is { } types && types.Count == layers)
        {
            var chunk = Positive("attention_chunk_size");
            return [.. types.SkipLast(Shared()).Where(t => !Stateless.Contains(t)).Select(t => t switch { "sliding_attention" or "local" => window, "chunked_attention" => chunk, _ => null })];
        }
        // Llama 4 looks back a chunk, but for the layers that bear no positions.
        if (config.Number("attention_chunk_size") is { Value: > 0 } chunked && config.Number("no_rope_layer_interval") is { Value: > 0 } full)
            return [.. Enumerable.Range(1, layers).Select(i => i % full.Value == 0 ? null : (int?)chunked.Value)];
        if (config.Words("layers_block_type") is { Count: > 0 } blocks) return [.. Cycle(blocks, layers).Where(t => !Stateless.Contains(t)).Select(_ => window)];
        if (config.Words("block_types") is { Count: > 0 } cycle) return [.. Cycle(cycle, layers).Where(t => !Stateless.Contains(t)).Select(_ => Positive("attention_window_size"))];
        foreach (var listed in (string[])["attn_layer_indices", "full_attn_idxs", "linear_attn_config.full_attn_layers"])
            if (config.Numbers(listed) is { Count: > 0 } attending) return [.. attending.Distinct().Take(layers).Select(_ => (int?)null)];
        if (config.Numbers("attn_type_list") is { } kinds && kinds.Count == layers && kinds.Contains(1)) return [.. kinds.Where(k => k == 1).Select(_ => (int?)null)];
        if (config.Number("layer_group_size") is { Value: > 0 } group && group.Value <= layers) return [.. Enumerable.Range(1, layers).Where(i => i % group.Value == 0).Select(_ => (int?)null)];
        if (config.Word("hybrid_override_pattern") is { } pattern && pattern.Contains('*')) return [.. pattern.Where(c => c == '*').Select(_ => (int?)null)];
        if (config.Number("attn_layer_period") is { Value: > 0 } period && (config.Number("attn_layer_offset")?.Value ?? 0) is var offset and >= 0 && offset < Math.Min(period.Value, layers))
            return [.. Enumerable.Range(0, layers).Where(i => i % period.Value == offset).Select(_ => (int?)null)];
        if (config.Number("full_attention_interval") is { Value: > 0 } interval) return [.. Enumerable.Range(1, layers).Where(i => i % interval.Value == 0).Select(_ => (int?)null)];
        if (config.Number("sliding_window_pattern", "_sliding_window_pattern") is { Value: > 0 } every) return [.. Enumerable.Range(1, layers).Select(i => Kept(i % every.Value != 0))];
        if (config.Flag("use_sliding_window") is true && config.Number("max_window_layers") is { } first) return [.. Enumerable.Range(0, layers).Select(i => Kept(i >= first.Value))];
        return [.. Enumerable.Range(0, layers).Select(_ => window)];
    }

    private static IEnumerable<string> Cycle(IReadOnlyList<string> of, int count) => Enumerable.Range(0, count).Select(i => of[i % of.Count]);
}
