return await Mesh.Load.LoadCommand.RunAsync(args, Console.Out, Console.Error);
