using Mesh.Resources.Validation;

namespace Mesh.Resources.Reading;

/// <summary>What files held: valid resources, and every error of the others.</summary>
public sealed record LoadedResources(IReadOnlyList<Resource> Resources, IReadOnlyList<ResourceError> Errors)
{
    internal sealed class Builder
    {
        private readonly Dictionary<ResourceKey, Resource> resources = [];
        private readonly List<Resource> ordered = [];
        private readonly List<ResourceError> errors = [];

        public void Fail(ResourceError error) => errors.Add(error);

        public void Add((Resource? Resource, IReadOnlyList<ResourceError> Errors) validated)
        {
            errors.AddRange(validated.Errors);
            if (validated.Resource is not { } resource)
                return;

            if (resources.TryAdd(resource.Key, resource))
                ordered.Add(resource);
            else
                errors.Add(Repeated(resource, resources[resource.Key]));
        }

        public LoadedResources Build() => new(ordered, errors);

        private static ResourceError Repeated(Resource second, Resource first) =>
            new("metadata.name", ErrorReason.Duplicate, $"is already defined at {first.Source?.File}:{first.Source?.LineOf("metadata.name")}")
            {
                File = second.Source?.File,
                Line = second.Source?.LineOf("metadata.name") ?? 0,
                Resource = second.ToString(),
            };
    }
}
