return Mesh.Micro.MicroCommand.Run(args, Console.Out);
