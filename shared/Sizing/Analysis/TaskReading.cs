namespace Hypervize.Sizing.Analysis;

/// <summary>What a model is for.</summary>
internal static class TaskReading
{
    private static readonly HashSet<string> Generating = new(StringComparer.Ordinal) { "text-generation", "conversational" };

    // What is asked with images is asked in a chat.
    private static readonly HashSet<string> Seeing = new(StringComparer.Ordinal) { "image-text-to-text", "any-to-any", "video-text-to-text", "visual-question-answering" };
    private static readonly HashSet<string> Embedding = new(StringComparer.Ordinal) { "feature-extraction", "sentence-similarity" };

    // Encoders that text is embedded with: they read both ways and keep no keys and values. All of BERT's kin bear its name, and some that hear do.
    private static readonly HashSet<string> Encoders = new(StringComparer.OrdinalIgnoreCase) { "mpnet", "electra", "ernie", "ernie_m", "new", "gte", "xlm-roberta", "nomic", "t5encoder" };
    private static readonly string[] Hearing = ["hubert", "wav2vec2"];

    // What judges, sees, hears or draws, whatever a tag says of it.
    private static readonly string[] Judging = ["ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering", "ForImageClassification", "ForAudioClassification", "ForMultipleChoice", "ForCTC"];
    private static readonly string[] Sensing = ["CLIP", "ViT", "Vilt", "Dino", "Hubert", "WavLM", "Wav2Vec", "Whisper", "Siglip", "Beit", "Deit", "Swin", "ConvNext", "ResNet", "UniSpeech", "SpeechT5", "Clap", "Encodec", "Blip", "Detr", "Segformer", "Stable", "Flux"];
    private static readonly HashSet<string> Drawing = new(StringComparer.OrdinalIgnoreCase) { "flux", "sd1", "sd3", "sdxl", "wan", "ltxv", "hyvid", "lumina2", "cosmos", "aura", "hidream", "qwen_image", "clip", "whisper", "t5encoder" };

    /// <summary>The task, and what tells it; or why there is none that can be served.</summary>
    /// <param name="facts">What was read.</param>
    /// <param name="config">Its config; null when it has none.</param>
    public static Answer<Reading> Of(ModelFacts facts, ConfigFields? config)
    {
        var architecture = config?.Architecture;
        if (Other(facts, config) is { } other) return Unsupported(facts.Model, other);
        if (facts.PipelineTag is { } tag)
        {
            if (Embedding.Contains(tag)) return new Reading(ModelTask.Embedding, $"pipeline_tag {tag}");
            if (Seeing.Contains(tag)) return new Reading(ModelTask.Chat, $"pipeline_tag {tag}");
            if (Generating.Contains(tag)) return Talking(facts, $"pipeline_tag {tag}");
            return Unsupported(facts.Model, tag);
        }
        if (facts.Library == "sentence-transformers") return new Reading(ModelTask.Embedding, "library_name sentence-transformers");
        if (facts.Gguf is not null || facts.GgufArchitecture is not null) return IsEncoder(facts.GgufArchitecture) ? new Reading(ModelTask.Embedding, "the GGUF file's architecture") : Talking(facts, "a GGUF file");
        if (architecture is null) return Talking(facts, "no task is told");
        if (architecture.EndsWith("ForCausalLM", StringComparison.Ordinal) || architecture.EndsWith("LMHeadModel", StringComparison.Ordinal)) return Talking(facts, architecture);
        if (architecture.EndsWith("ForConditionalGeneration", StringComparison.Ordinal) && config!.Flag("is_encoder_decoder") is not true && config.IsMultimodal) return Talking(facts, architecture);
        if (config!.Has("auto_map.AutoModelForCausalLM")) return Talking(facts, "auto_map's AutoModelForCausalLM");
        if (architecture.EndsWith("Model", StringComparison.Ordinal) && (IsEncoder(config!.TextType) || AttentionShape.Of(config) is not null)) return new Reading(ModelTask.Embedding, architecture);
        return Unsupported(facts.Model, architecture);
    }

    /// <summary>Whether a model of a type keeps nothing of the tokens it has read.</summary>
    /// <param name="type">The model type.</param>
    public static bool IsEncoder(string? type) =>
        type is not null && (Encoders.Contains(type) || (type.Contains("bert", StringComparison.OrdinalIgnoreCase) && !Hearing.Any(h => type.StartsWith(h, StringComparison.OrdinalIgnoreCase))));

    // What it is by its files, where that is nothing that is served.
    private static string? Other(ModelFacts facts, ConfigFields? config)
    {
        if (facts.Library == "diffusers") return "library_name diffusers";
        if (facts.GgufArchitecture is { } gguf && Drawing.Contains(gguf)) return $"the GGUF architecture {gguf}";
        if (config?.Architecture is not { } architecture) return null;
        if (Judging.Any(j => architecture.EndsWith(j, StringComparison.Ordinal))) return architecture;
        if (Sensing.Any(s => architecture.StartsWith(s, StringComparison.Ordinal)) && !config.IsMultimodal) return architecture;
        if (architecture.StartsWith("CLIP", StringComparison.Ordinal)) return architecture;
        return config.Flag("is_encoder_decoder") is true ? $"{architecture}, which reads and writes in two halves" : null;
    }

    private static Reading Talking(ModelFacts facts, string source)
    {
        if (facts.HasChatTemplate is true) return new(ModelTask.Chat, $"{source}, and it has a chat template");
        if (facts.Tags.Contains("conversational")) return new(ModelTask.Chat, $"{source}, and the tag conversational");
        if (facts.HasChatTemplate is false) return new(ModelTask.Completion, $"{source}, and it has no chat template");
        var name = facts.Model.ToUpperInvariant();
        return ((string[])["INSTRUCT", "CHAT", "-IT", "_IT", "ASSISTANT", "-R1", "GPT-OSS", "THINKING"]).Any(name.Contains)
            ? new(ModelTask.Chat, $"{source}, and its name")
            : new(ModelTask.Completion, $"{source}; its name does not speak of chat");
    }

    private static ModelRefusal Unsupported(string model, string task) =>
        new(ModelProblem.Unsupported, $"{model} is made for {task}, which is not served here. Choose a model for text generation, chat or embeddings.");

    /// <summary>A task and what tells it.</summary>
    /// <param name="Task">The task.</param>
    /// <param name="Source">What tells it.</param>
    public sealed record Reading(ModelTask Task, string Source);
}
